"""The database: its engines, and sessions that are given back whatever happens."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.config import Settings
from app.core.db import postgres, sqlite
from app.core.db.errors import name_of, takes_no_writes
from app.core.db.url import DatabaseUrl

log = logging.getLogger(__name__)


class Session(AsyncSession):
    """A session that gives its connection back whatever becomes of the rollback.

    A plain one, closed, forgets a connection that fails to roll back: it is missing in the pool for ever.
    """

    async def close(self) -> None:
        """Roll back what is open, then give the connection back; the pool drops it if it is of no use."""
        try:
            if self.in_transaction():
                await self.rollback()
        finally:
            await super().close()


@dataclass(frozen=True)
class Database:
    """An open database. `reader` is for work that only reads; it may share the connections of `engine`."""

    url: DatabaseUrl
    engine: AsyncEngine
    reader: AsyncEngine

    def session(self, *, read_only: bool = False) -> AsyncSession:
        """A session of its own. It takes a connection at its first statement, not before."""
        return Session(self.reader if read_only else self.engine, expire_on_commit=False)

    @property
    def engines(self) -> tuple[AsyncEngine, ...]:
        """Those that have connections of their own."""
        return (self.engine,) if self.reader.pool is self.engine.pool else (self.engine, self.reader)

    async def dispose(self) -> None:
        """Close every connection."""
        for engine in self.engines:
            await engine.dispose()


def open_database(settings: Settings) -> Database:
    """The database of `settings`. Nothing is connected yet."""
    url = settings.database
    shared: dict[str, Any] = {
        "echo": settings.db_echo,
        "hide_parameters": True,
        "json_deserializer": msgspec.json.decode,
        "json_serializer": _json,
        "pool_timeout": settings.db_pool_timeout_seconds,
    }
    if url.dialect == "sqlite":
        database = Database(url, *sqlite.sqlite_engines(url, settings, **shared))
    else:
        engine = postgres.postgres_engine(url, settings, **shared)
        database = Database(url, engine, engine.execution_options(**postgres.READ_ONLY))
    for each in database.engines:
        event.listen(each.sync_engine, "handle_error", _tell_of_refused_writes)
    return database


@asynccontextmanager
async def committed(database: Database, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
    """A session that is committed when the block ends, or rolled back when something is raised in it."""
    session = database.session(read_only=read_only)
    try:
        yield session
        await session.commit()
    finally:
        await _release(session)


@asynccontextmanager
async def reading(database: Database) -> AsyncIterator[AsyncSession]:
    """A session for one short read, where a request's own would hold its connection for too long."""
    session = database.session(read_only=True)
    try:
        yield session
    finally:
        await _release(session)


async def _release(session: AsyncSession) -> None:
    """Roll back what is open and give the connection back, to the end, even when cancelled meanwhile.

    A connection that is too dead to roll back is thrown away: why, the handler's own error says.
    """
    try:
        async with session:
            pass
    except Exception:
        log.warning("a connection could not be rolled back and is dropped")


def _tell_of_refused_writes(context: ExceptionContext) -> None:
    """What no waiting mends: somebody has to make room, or look at why the database is read-only."""
    if takes_no_writes(context.original_exception):
        log.error("the database takes no writes", extra={"cause": name_of(context.original_exception)})


def _json(value: Any) -> str:
    """JSON as msgspec writes it, so that a row's text is the same on both engines and in a response."""
    return msgspec.json.encode(value).decode()
