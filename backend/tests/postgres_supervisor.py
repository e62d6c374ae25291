"""Runs a throw-away Postgres until standard input closes, then stops it and removes its folder.

A process of its own, so that a killed test run leaves neither a server nor a folder behind. Its first
argument is the installation to run, the others are settings of the server (`fsync=on`) that win over those
here; it prints the port once the server answers, and nothing if it does not.
"""

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 10
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of our own is made in it)
ROOM_BYTES = 4 * 1024**3
SERVER_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "full_page_writes": "off",
    # Not UTC, on purpose: what is right only under the server's default zone must fail here.
    "timezone": "<+0545>-05:45",
}


def main(home: Path, options: list[str]) -> int:
    """Run the server in a folder of its own until nobody holds our standard input any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    place = None if options or "TMPDIR" in os.environ else _memory()
    with tempfile.TemporaryDirectory(
        prefix="daybook-postgres-", dir=place, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        user = _unprivileged_user()
        if user:
            folder.chmod(0o755)
            home = _readable_copy(home, folder)
        data = _initialised(home, folder, user)
        return _serve(home, data, user, options)


def _memory() -> str | None:
    """A folder in memory, where there is one with room: a test's database is half as dear there.

    Not for who has options of their own: a server that is measured lies on a disk.
    """
    if not SHARED_MEMORY.is_dir() or not os.access(SHARED_MEMORY, os.W_OK):
        return None
    told = os.statvfs(SHARED_MEMORY)
    may_run = not told.f_flag & os.ST_NOEXEC
    return str(SHARED_MEMORY) if may_run and told.f_bavail * told.f_frsize >= ROOM_BYTES else None


def _unprivileged_user() -> str | None:
    """Postgres refuses to run as root: the account to run it as, or None for our own."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _readable_copy(home: Path, folder: Path) -> Path:
    """The installation where another account can read it, with the libraries beside its package."""
    if home.is_relative_to("/usr"):
        return home
    package = home.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    copy = folder / package.name / home.name
    shutil.copytree(home, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    return copy


def _initialised(home: Path, folder: Path, user: str | None) -> Path:
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, user)
    options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(
        [home / "bin" / "initdb", "-D", data, *options],
        user=user,
        cwd=folder,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        sys.exit(f"initdb failed, as {user or getpass.getuser()}:\n{done.stdout}")
    return data


def _serve(home: Path, data: Path, user: str | None, options: list[str]) -> int:
    log = data.parent / "log"
    for _ in range(3):  # a port that was free may be taken by the time that Postgres asks for it
        port = _free_port()
        with log.open("w") as sink:
            server = subprocess.Popen(
                [home / "bin" / "postgres", "-D", data, "-p", str(port), *_flags(options)],
                user=user,
                cwd=data,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
            )
        try:
            if _ready(server, data):
                print(port, flush=True)  # noqa: T201 (the answer to whoever started us)
                sys.stdin.read()
                return 0
        finally:
            _stop(server)
    sys.exit(f"Postgres did not start:\n{log.read_text()}")


def _flags(options: list[str]) -> list[str]:
    settings = [f"{name}={value}" for name, value in SERVER_OPTIONS.items()]
    return [part for setting in (*settings, *options) for part in ("-c", setting)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ready(server: subprocess.Popen[bytes], data: Path) -> bool:
    """Whether the server came up: it says so in the eighth line of its pid file."""
    pid_file = data / "postmaster.pid"
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        if pid_file.exists() and pid_file.read_text().split("\n")[7:8] == ["ready   "]:
            return True
        time.sleep(0.02)
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    """An immediate shutdown: nothing of the data is to be kept."""
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
