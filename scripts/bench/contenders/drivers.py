"""The drivers themselves, as `wire` uses them: one row, rows, or a transaction."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import aiosqlite
import asyncpg

CONNECTIONS: Final = 10
"""As many as the others have."""
PRAGMAS: Final = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
)


class Runs(Protocol):
    """Something that statements run on."""

    async def row(self, statement: str, *values: object) -> Any:
        """The one row, or None."""

    async def rows(self, statement: str, *values: object) -> Any:
        """All rows."""


class Postgres:
    """asyncpg's pool. Nothing is left in a session that a reset between two users would have to undo."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def open(self) -> None:
        """Connect."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=CONNECTIONS,
            max_size=CONNECTIONS,
            reset=_nothing,
            server_settings={"timezone": "UTC"},
        )

    async def row(self, statement: str, *values: object) -> Any:
        """The one row, or None."""
        return await self._pool.fetchrow(statement, *values)

    async def rows(self, statement: str, *values: object) -> Any:
        """All rows."""
        return await self._pool.fetch(statement, *values)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Runs]:
        """A transaction, committed at the end."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield _OnPostgres(connection)


class _OnPostgres:
    def __init__(self, connection: Any) -> None:
        self.row = connection.fetchrow
        self.rows = connection.fetch


class Sqlite:
    """Two connections of aiosqlite's, one that reads and one that writes, for one at a time."""

    def __init__(self, url: str) -> None:
        self._path = urlsplit(url).path.removeprefix("/")

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await self._connect(), await self._connect()
        self._turn = asyncio.Lock()

    async def _connect(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect("/" + self._path.lstrip("/"), isolation_level=None)
        for pragma in PRAGMAS:
            await connection.execute_fetchall(pragma)
        return connection

    async def row(self, statement: str, *values: object) -> Any:
        """The one row, or None."""
        return await _OnSqlite(self._reader).row(statement, *values)

    async def rows(self, statement: str, *values: object) -> Any:
        """All rows."""
        return await _OnSqlite(self._reader).rows(statement, *values)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Runs]:
        """A transaction, committed at the end."""
        async with self._turn:
            await self._writer.execute_fetchall("BEGIN IMMEDIATE")
            try:
                yield _OnSqlite(self._writer)
            except BaseException:
                await self._writer.execute_fetchall("ROLLBACK")
                raise
            await self._writer.execute_fetchall("COMMIT")


class _OnSqlite:
    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def row(self, statement: str, *values: object) -> Any:
        found = await self.rows(statement, *values)
        return found[0] if found else None

    async def rows(self, statement: str, *values: object) -> Any:
        # The thread is asked once a statement; numbered parameters are SQLite's own.
        return await self._connection.execute_fetchall(_numbered(statement), values)


_NUMBERED: Final[dict[str, str]] = {}


def _numbered(statement: str) -> str:
    """$1 as ?1: SQLite would take $1 for a name."""
    found = _NUMBERED.get(statement)
    if found is None:
        found = _NUMBERED[statement] = statement.replace("$", "?")
    return found


async def _nothing(_: Any) -> None:
    return None
