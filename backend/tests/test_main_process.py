"""`python -m app` as a process of its own: what it says, and how it stops."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from app.__main__ import GRACE_SECONDS, banner
from app.core.config import Settings

BACKEND = Path(__file__).resolve().parents[1]
ISSUER = "https://issuer.example.com"
SECRET = "only-for-this-test-" * 3
READY_SECONDS = 30
STOP_SECONDS = 10

Start = Callable[[dict[str, str]], "subprocess.Popen[str]"]


def free_port() -> int:
    """A port that nobody listens on. Somebody may take it before we do: the kernel gives others first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def environment(folder: Path, port: int) -> dict[str, str]:
    """The environment of a server: only what is written here, and what Python needs."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {
        **inherited,
        "PYTHONPATH": str(BACKEND),
        "DATABASE_URL": f"sqlite:///{folder}/app.db",
        "ENVIRONMENT": "test",
        "AUTH_ISSUER": ISSUER,
        "AUTH_SECRET": SECRET,
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `python -m app` in a folder of its own; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start_one(env: dict[str, str]) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-m", "app"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, env=env, cwd=tmp_path, text=True, stdout=pipe, stderr=pipe)
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def said_until_ready(process: "subprocess.Popen[str]") -> str:
    """What the server prints until its last line of greeting."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "API docs" in line:
            return said
    raise AssertionError(f"the server did not start: {said}{process.communicate()[1]}")


@contextmanager
def connection_to(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STOP_SECONDS)
    try:
        yield connection
    finally:
        connection.close()


def begin_create(connection: http.client.HTTPConnection, part: bytes, *, length: int) -> None:
    """Send the head of alice's request and part of its body, and let it get into the app."""
    claims = {"iss": ISSUER, "aud": ISSUER, "sub": "alice", "exp": int(time.time()) + 60}
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
    connection.putrequest("POST", "/api/v1/tasks")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(length))
    connection.endheaders(part)
    time.sleep(0.5)


def test_says_where_and_how_and_answers(start: Start, tmp_path: Path, port: int) -> None:
    process = start(environment(tmp_path, port))
    said = said_until_ready(process)
    assert f"http://127.0.0.1:{port}\n" in said
    assert "app.db" in said
    assert ISSUER in said
    assert f"http://127.0.0.1:{port}/docs" in said
    assert SECRET not in said
    with connection_to(port) as connection:
        connection.request("GET", "/health")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b'{"status":"healthy"}')
        assert response.getheader("server") is None


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_stops_in_time_answering_what_is_in_flight(
    start: Start, tmp_path: Path, port: int, sig: signal.Signals
) -> None:
    process = start(environment(tmp_path, port))
    said_until_ready(process)
    body = b'{"title": "Pack the tent"}'
    with connection_to(port) as connection, connection_to(port) as idle:
        idle.request("GET", "/health")
        idle.getresponse().read()
        begin_create(connection, body[:9], length=len(body))
        told_at = time.monotonic()
        process.send_signal(sig)
        time.sleep(0.5)
        connection.send(body[9:])
        response = connection.getresponse()
        assert (response.status, b"Pack the tent" in response.read()) == (201, True)
    _, errors = process.communicate(timeout=STOP_SECONDS)
    assert time.monotonic() - told_at < STOP_SECONDS
    assert process.returncode == 0
    lines = [json.loads(line) for line in errors.splitlines()]
    assert {line["level"] for line in lines} == {"info"}
    assert [line["status"] for line in lines if line["logger"] == "app.requests"] == [200, 201]


def test_a_body_half_sent_does_not_hold_it_up(start: Start, tmp_path: Path, port: int) -> None:
    process = start(environment(tmp_path, port))
    said_until_ready(process)
    with connection_to(port) as connection, connection_to(port) as another:
        begin_create(connection, b"{", length=1000)
        begin_create(another, b"", length=1000)
        told_at = time.monotonic()
        process.terminate()
        _, errors = process.communicate(timeout=STOP_SECONDS)
    assert time.monotonic() - told_at < GRACE_SECONDS / 2
    assert process.returncode == 0
    lines = [json.loads(line) for line in errors.splitlines()]
    assert {line["level"] for line in lines} == {"info"}
    assert [line["status"] for line in lines if line["logger"] == "app.requests"] == [400, 400]


def test_a_target_with_secrets_is_one_short_line_without_them(
    start: Start, tmp_path: Path, port: int
) -> None:
    process = start(environment(tmp_path, port))
    said_until_ready(process)
    targets = ["http://alice:hunter2@daybook.test/health", "/%3Fhunter2", "*", "/" + "%01" * 9000]
    for target in targets:
        with socket.create_connection(("127.0.0.1", port), timeout=STOP_SECONDS) as sock:
            sock.sendall(f"OPTIONS {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert sock.makefile("rb").readline() == b"HTTP/1.1 404 Not Found\r\n"
    process.terminate()
    _, errors = process.communicate(timeout=STOP_SECONDS)
    assert "hunter2" not in errors
    lines = [json.loads(line) for line in errors.splitlines()]
    paths = [line["path"] for line in lines if line["logger"] == "app.requests"]
    assert paths == ["-", "/", "-", "/" + "\x01" * 199]


def test_a_bad_setting_is_one_line_and_exit_2(start: Start, tmp_path: Path, port: int) -> None:
    url = "mysql://alice:hunter2@db.example.com/daybook"
    process = start({**environment(tmp_path, port), "DATABASE_URL": url})
    said, errors = process.communicate(timeout=READY_SECONDS)
    assert process.returncode == 2
    assert said == ""
    assert errors.startswith("DATABASE_URL ")
    assert errors.count("\n") == 1
    assert "hunter2" not in errors


def test_a_port_in_use_is_one_line_and_exit_1(start: Start, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(environment(tmp_path, port))
        said, errors = process.communicate(timeout=READY_SECONDS)
    assert process.returncode == 1
    assert said == ""
    assert errors == f"PORT {port} on 127.0.0.1 is in use; stop what uses it, or write another PORT.\n"
    assert not (tmp_path / "app.db").exists()


def test_an_address_that_is_not_ours_is_one_line_and_exit_1(start: Start, tmp_path: Path, port: int) -> None:
    process = start({**environment(tmp_path, port), "HOST": "192.0.2.1"})
    _, errors = process.communicate(timeout=READY_SECONDS)
    assert process.returncode == 1
    assert errors.startswith(f"HOST 192.0.2.1, PORT {port} can't be listened on: ")
    assert errors.count("\n") == 1


def test_the_banner_hides_the_password_and_points_to_the_development_key() -> None:
    url = "postgresql://alice:hunter2@db.example.com/daybook"
    said = banner(Settings(database_url=url, host="::"))
    assert "http://127.0.0.1:2100 (on every interface)" in said
    assert "db.example.com" in said
    assert "hunter2" not in said
    assert "make token USER=alice" in said


def test_the_banner_brackets_an_ipv6_address() -> None:
    assert "http://[::1]:2100/docs" in banner(Settings(host="::1"))


@pytest.mark.parametrize(
    "url", ["postgresql://alice:hunter2@127.0.0.1:1/daybook", "sqlite:///{folder}/file/app.db"]
)
def test_a_start_that_fails_is_json_lines(start: Start, tmp_path: Path, port: int, url: str) -> None:
    (tmp_path / "file").touch()  # where a folder should be
    wanted = {"DATABASE_URL": url.format(folder=tmp_path), "AUTO_MIGRATE": "true"}
    process = start({**environment(tmp_path, port), **wanted})
    said, errors = process.communicate(timeout=READY_SECONDS)
    assert (process.returncode, said) == (3, "")
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["level"] for line in lines] == ["critical", "error"]
    assert not any("stack" in line or "hunter2" in line["message"] for line in lines)


def test_a_development_key_that_others_can_read_is_one_line_and_exit_2(
    start: Start, tmp_path: Path, port: int
) -> None:
    copy = tmp_path / "backend"
    shutil.copytree(BACKEND / "app", copy / "app")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dev-key.json").write_text("{}")
    (tmp_path / "data" / "dev-key.json").chmod(0o644)
    auth = {"ENVIRONMENT": "development", "AUTH_ISSUER": "", "AUTH_SECRET": ""}
    process = start({**environment(tmp_path, port), **auth, "PYTHONPATH": str(copy)})
    _, errors = process.communicate(timeout=READY_SECONDS)
    assert process.returncode == 2
    assert errors.endswith("write chmod 600 data/dev-key.json.\n")
    assert errors.count("\n") == 1


def test_what_nobody_catches_is_json_lines_too() -> None:
    code = """
import threading, warnings
from app.__main__ import configure_logging, log_what_escapes
class Bob:
    def __del__(self): raise ValueError("unraisable")
configure_logging("INFO")
log_what_escapes()
warnings.warn("odd")
Bob()
thread = threading.Thread(target=lambda: {}["missing"])
thread.start()
thread.join()
raise RuntimeError("fire")
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["logger"] for line in lines] == ["py.warnings", "app", "app", "app"]
    ends = [line["stack"].rsplit("\n", 1)[-1] for line in lines[1:]]
    assert ends == ["ValueError: unraisable", "KeyError: 'missing'", "RuntimeError: fire"]
