"""An open database for a test, closed at its end, and shown to have nothing left checked out."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.pool import QueuePool
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.config import Settings
from app.core.db.session import Database, open_database

FOREVER = {
    "sqlite": text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"),
    "postgresql": text("SELECT pg_sleep(60)"),
}
"""A statement that takes longer than any test waits."""


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncIterator[Database]:
    """The database at `url`. Whatever the test does to it, no connection may be out at the end."""
    database = open_database(Settings(database_url=url, **settings))
    try:
        yield database
        assert checked_out(database) == 0
    finally:
        await database.dispose()


async def run(session: AsyncSession, statement: TextClause, **values: Any) -> CursorResult[Any]:
    """Run a text in the session's transaction."""
    return await (await session.connection()).execute(statement, values)


def checked_out(database: Database) -> int:
    """How many connections are in use."""
    return sum(pool.checkedout() for pool in pools_of(database))


def idle(database: Database) -> int:
    """How many connections are open and not in use."""
    return sum(pool.checkedin() for pool in pools_of(database))


def pools_of(database: Database) -> list[QueuePool]:
    """Where the connections are."""
    pools = [engine.pool for engine in database.engines]
    assert all(isinstance(pool, QueuePool) for pool in pools)
    return cast(list[QueuePool], pools)


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
