"""The database: its engine, and the session that each request gets."""

import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Request
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.config import Settings
from app.core.db import postgres, sqlite
from app.core.db.url import DatabaseUrl

SAFE_METHODS: Final = ("GET", "HEAD")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Database:
    """An open database. `reader` shares the connections of `engine`, for work that only reads."""

    url: DatabaseUrl
    engine: AsyncEngine
    reader: AsyncEngine

    def session(self, *, read_only: bool = False) -> AsyncSession:
        """A session of its own. It takes a connection at its first statement, not before."""
        return AsyncSession(self.reader if read_only else self.engine, expire_on_commit=False)

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


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
        engine, read_only = sqlite.sqlite_engine(url, settings, **shared), sqlite.READ_ONLY
    else:
        engine, read_only = postgres.postgres_engine(url, settings, **shared), postgres.READ_ONLY
    return Database(url, engine, engine.execution_options(**read_only))


async def provide_session(request: Request[Any, Any, Any]) -> AsyncGenerator[AsyncSession, None]:
    """The session of one request: committed when the handler is through, before the response is sent.

    Whatever is raised meanwhile, cancellation included, rolls it back and gives the connection back.
    """
    database: Database = request.app.state.database
    session = database.session(read_only=request.method in SAFE_METHODS)
    try:
        yield session
        await session.commit()
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
        await session.invalidate()


def _json(value: Any) -> str:
    """JSON as msgspec writes it, so that a row's text is the same on both engines and in a response."""
    return msgspec.json.encode(value).decode()
