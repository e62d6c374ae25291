"""The suite's own Postgres: it is real, and nothing of it stays behind, however the tests end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests import postgres
from tests.postgres import PostgresMissingError, create_database, drop_database, postgres_home

HOLD = """
import sys, time
from tests.postgres import running_postgres
with running_postgres() as url:
    print(url, flush=True)
    time.sleep(60)
"""


def answers(url: str) -> bool:
    place = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((place.hostname or "", place.port or 0)) == 0


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that another account can look into, as pytest's own can't be kept to be."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_server_goes_with_whoever_started_it(end: signal.Signals, open_folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"}
    environment |= {"TMPDIR": str(open_folder), "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as holder:
        assert holder.stdout
        url = holder.stdout.readline().strip()
        assert answers(url)
        assert list(open_folder.iterdir()) != []
        holder.send_signal(end)
    until = time.monotonic() + 10
    while (answers(url) or list(open_folder.iterdir())) and time.monotonic() < until:
        time.sleep(0.05)
    assert not answers(url)
    assert list(open_folder.iterdir()) == []


async def test_databases_are_made_and_dropped_under_whoever_is_connected(postgres_server: str) -> None:
    url = await create_database(postgres_server, "daybook_test_drop")
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT current_database()") == "daybook_test_drop"
    await drop_database(postgres_server, "daybook_test_drop")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(url)
    connection.terminate()


def test_without_any_postgres_the_suite_fails_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_candidates", lambda: iter(()))
    with pytest.raises(PostgresMissingError, match="TEST_DATABASE_URL"):
        postgres_home()
