"""Where the data lies, on either engine: loaded once, then copied for each contender."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol
from uuid import UUID, uuid4

import asyncpg

from app.core.config import PROJECT_ROOT
from app.core.db.errors import DATABASE_ERRORS, name_of
from app.core.db.migrations.upgrading import upgrade
from app.core.db.url import parse_database_url
from app.core.operating import RefusedError
from bench.cpu import Used, cpu_used, is_postgres_here
from bench.data import Row, Shape, tables
from tests.postgres import PostgresMissingError, create_database, drop_database, running_postgres

EngineName = Literal["sqlite", "postgres"]

SERVER_OPTIONS: Final = {
    "fsync": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "timezone": "UTC",
}
"""As in production, where the tests' own server is careless: it loses nothing that it acknowledged."""
DESCRIBED: Final = ("server_version", "fsync", "synchronous_commit", "shared_buffers")


class Store(Protocol):
    """One engine."""

    name: EngineName

    def loaded(self, shape: Shape) -> AbstractAsyncContextManager[str]:
        """A template with these rows, for as long as the block runs."""

    def copied(self, template: str) -> AbstractAsyncContextManager[str]:
        """The URL of a copy, for as long as the block runs."""

    async def cpu_used(self, url: str) -> Used | None:
        """What the engine's own processes have used for this database, or None where nobody can tell."""

    async def described(self) -> dict[str, str]:
        """The engine's version and how careful it is."""


class Sqlite:
    """Files in a folder."""

    name: EngineName = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def loaded(self, shape: Shape) -> AsyncIterator[str]:
        """As in `Store`."""
        file = self._folder / f"{uuid4().hex}.db"
        await _migrate(f"sqlite:///{file}")
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            _fill(connection, shape)
        yield str(file)
        file.unlink()

    @asynccontextmanager
    async def copied(self, template: str) -> AsyncIterator[str]:
        """As in `Store`."""
        file = self._folder / f"{uuid4().hex}.db"
        shutil.copyfile(template, file)
        yield f"sqlite:///{file}"
        for each in self._folder.glob(f"{file.name}*"):
            each.unlink()

    async def cpu_used(self, url: str) -> Used | None:  # noqa: ARG002 (its signature)
        """None: SQLite works in the service's own process."""
        return None

    async def described(self) -> dict[str, str]:
        """As in `Store`."""
        return {"version": sqlite3.sqlite_version, "journal_mode": "wal", "synchronous": "normal"}


class Postgres:
    """Databases of a server, at whose URL databases may be made."""

    name: EngineName = "postgres"

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._is_here: bool | None = None

    @asynccontextmanager
    async def loaded(self, shape: Shape) -> AsyncIterator[str]:
        """As in `Store`."""
        async with self._database("template0") as (name, url):
            await _migrate(url)
            connection = await asyncpg.connect(url)
            try:
                for table in tables(shape):
                    await connection.copy_records_to_table(
                        table.name, records=table.rows, columns=table.columns
                    )
                await connection.execute("VACUUM ANALYZE")
            finally:
                await connection.close()
            yield name

    @asynccontextmanager
    async def copied(self, template: str) -> AsyncIterator[str]:
        """As in `Store`."""
        async with self._database(template) as (_, url):
            yield url

    @asynccontextmanager
    async def _database(self, template: str) -> AsyncIterator[tuple[str, str]]:
        name = f"daybook_bench_{uuid4().hex}"
        url = await create_database(self._server_url, name, template)
        try:
            yield name, url
        finally:
            await drop_database(self._server_url, name)

    async def cpu_used(self, url: str) -> Used | None:
        """The backends' of this database, if they run on this machine."""
        name = url.split("?")[0].rsplit("/", 1)[-1]
        connection = await asyncpg.connect(self._server_url)
        try:
            found = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE datname = $1", name)
        finally:
            await connection.close()
        pids = [row["pid"] for row in found]
        if self._is_here is None and pids:
            self._is_here = all(map(is_postgres_here, pids))
        return cpu_used(pids) if self._is_here else None

    async def described(self) -> dict[str, str]:
        """As in `Store`."""
        connection = await asyncpg.connect(self._server_url)
        try:
            return {name: await connection.fetchval(f"SHOW {name}") for name in DESCRIBED}
        finally:
            await connection.close()


@asynccontextmanager
async def opened(name: EngineName, folder: Path, server_url: str | None) -> AsyncIterator[Store]:
    """The engine of that name; Postgres is one of our own where no server is given."""
    if name == "sqlite":
        yield Sqlite(folder)
    elif server_url:
        store = Postgres(server_url)
        await _refuse_silent(store, server_url)
        yield store
    else:
        with _own_server() as url:
            yield Postgres(url)


@contextmanager
def _own_server() -> Iterator[str]:
    """Raises RefusedError where no Postgres is to be found."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(running_postgres(SERVER_OPTIONS))
        except PostgresMissingError as error:
            raise RefusedError(str(error)) from None
        yield url


async def _refuse_silent(store: Store, server_url: str) -> None:
    """Raises RefusedError where the server does not answer."""
    try:
        await store.described()
    except DATABASE_ERRORS as error:
        shown = parse_database_url(server_url, root=PROJECT_ROOT)
        raise RefusedError(f"the server at {shown} doesn't let us in: {name_of(error)}") from None


def _fill(connection: sqlite3.Connection, shape: Shape) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-200000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    for table in tables(shape):
        places = ", ".join("?" * len(table.columns))
        statement = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})"
        connection.executemany(statement, _as_text(table.rows))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _as_text(rows: Iterator[Row]) -> Iterator[list[Any]]:
    """Rows in SQLite's types."""
    as_text: Mapping[type, Any] = {UUID: str, date: date.isoformat, datetime: _instant}
    for row in rows:
        yield [as_text[kind](value) if (kind := type(value)) in as_text else value for value in row]


def _instant(value: datetime) -> str:
    return value.isoformat(" ", "microseconds")[:26]  # all are in UTC


async def _migrate(url: str) -> None:
    await upgrade(parse_database_url(url, root=PROJECT_ROOT))
