"""Several workers on one socket: replaced when they die, and gone when they are to be."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.config import Settings, SettingsError, load_settings
from app.workers import Share
from tests.test_main_process import STOP_SECONDS, connection_to, environment, free_port, said_until_ready


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def service(tmp_path: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """Two workers and the process that looks after them."""
    env = {**environment(tmp_path, port), "WORKERS": "2"}
    command, pipe = [sys.executable, "-m", "app"], subprocess.PIPE
    with subprocess.Popen(command, env=env, cwd=tmp_path, text=True, stdout=pipe, stderr=pipe) as process:
        said_until_ready(process)
        yield process
        process.terminate()


def workers_of(process: "subprocess.Popen[str]") -> list[str]:
    done = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False)
    return done.stdout.split()


def answers(port: int) -> bool:
    try:
        with connection_to(port) as connection:
            connection.request("GET", "/health/db")
            return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STOP_SECONDS * 2
    while not is_so():
        assert time.monotonic() < deadline, "not within reasonable time"
        time.sleep(0.05)


def test_a_worker_that_dies_is_replaced_and_all_stop_together(
    service: "subprocess.Popen[str]", port: int
) -> None:
    first = workers_of(service)
    assert len(first) == 2
    subprocess.run(["kill", "-9", first[0]], check=True)
    assert answers(port)
    until(lambda: len(workers_of(service)) == 2 and first[0] not in workers_of(service))
    second = workers_of(service)
    time.sleep(1.5)  # past the start of the new one: what it does not survive must show
    assert workers_of(service) == second
    service.terminate()
    _, errors = service.communicate(timeout=STOP_SECONDS)
    assert service.returncode == 0
    lines = [json.loads(line) for line in errors.splitlines()]
    loud = [line["message"] for line in lines if line["level"] != "info"]
    assert loud == ["a worker died and is replaced"]
    assert not answers(port)


def test_workers_do_not_outlive_who_started_them(service: "subprocess.Popen[str]", port: int) -> None:
    assert answers(port)
    service.kill()
    until(lambda: not answers(port))
    _, errors = service.communicate(timeout=STOP_SECONDS)
    assert "whoever started this worker is gone; it stops" in errors


def test_a_start_that_fails_ends_all_of_it(tmp_path: Path, port: int) -> None:
    (tmp_path / "file").touch()  # where a folder should be
    env = environment(tmp_path, port) | {"WORKERS": "2", "DATABASE_URL": f"sqlite:///{tmp_path}/file/app.db"}
    command = [sys.executable, "-m", "app"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_a_database_in_memory_is_not_for_several(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKERS", "2")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///:memory:")
    with pytest.raises(SettingsError, match=r"^WORKERS is refused: .*write 1$"):
        load_settings(env_file=tmp_path / "none")
    assert Settings(workers=2).workers == 2


def test_a_share_is_what_its_command_line_says() -> None:
    share = Share(socket=3, pipe=5, place=1)
    assert Share.of(share.arguments()) == share
    assert Share.of([]) is None
