"""The engine for SQLite: one file, many readers, one writer at a time."""

import asyncio
from typing import Any, Final

from sqlalchemy import Connection as CoreConnection
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.core.config import Settings
from app.core.db.sqlite_connection import Connection
from app.core.db.url import DatabaseUrl
from app.core.files import private_file, private_folder

READ_ONLY: Final = {"sqlite_read_only": True}
"""Execution options of work that only reads: it begins without the write lock, and a write is refused."""


def sqlite_engine(url: DatabaseUrl, settings: Settings, **shared: Any) -> AsyncEngine:
    """An engine on a file, whose folder is made, or on memory."""
    if url.file is not None:
        private_folder(url.file.parent)
    engine = create_async_engine(
        url.url,
        async_creator=lambda: _connected(url, settings),
        poolclass=AsyncAdaptedQueuePool,
        # A database in memory is its connection: whoever wants it waits for it, and it is never renewed.
        pool_size=1 if url.is_memory else settings.db_pool_size,
        max_overflow=0 if url.is_memory else settings.db_max_overflow,
        **shared,
    )
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "handle_error", _keep_when_cancelled)
    return engine


async def _connected(url: DatabaseUrl, settings: Settings) -> Connection:
    if url.file is not None:
        private_file(url.file)  # SQLite gives the files beside it the same mode
    database = url.url.database or ":memory:"
    return await Connection(database, timeout_seconds=settings.db_command_timeout_seconds)  # type: ignore[return-value] # awaiting it gives itself


def _begin(connection: CoreConnection) -> None:
    """Take the write lock first: who reads, then wants to write, can't be made to wait, only to fail."""
    read_only = bool(connection.get_execution_options().get("sqlite_read_only"))
    if connection.info.get("query_only", False) != read_only:
        connection.exec_driver_sql(f"PRAGMA query_only={int(read_only)}")
        connection.info["query_only"] = read_only
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _keep_when_cancelled(context: ExceptionContext) -> None:
    """A cancelled statement is over when this is heard of (see `Connection`), and its connection is sound.

    Thrown away, it would take a database in memory with it.
    """
    if isinstance(context.original_exception, asyncio.CancelledError):
        context.is_disconnect = False
