"""The engines for SQLite: one file, many readers, one writer at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection as CoreConnection
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.core.config import Settings
from app.core.db.sqlite_connection import TAKE_LOCK, Connection
from app.core.db.sqlite_file import SqliteFile
from app.core.db.url import DatabaseUrl

READ_ONLY: Final = {"sqlite_read_only": True}
"""Execution options of work that only reads: it begins without the write lock, and a write is refused."""


def sqlite_engines(url: DatabaseUrl, settings: Settings, **shared: Any) -> tuple[AsyncEngine, AsyncEngine]:
    """The engine that writes and the engine that reads.

    One connection writes, and who wants it waits in the order of coming: SQLite's own way, to sleep and
    try again, lets the unlucky wait twenty times as long. In memory there is one connection for all.
    """
    seconds = settings.db_command_timeout_seconds
    if url.file is None:
        memory = partial(Connection, ":memory:", timeout_seconds=seconds)
        engine = _engine(url, memory, pool_size=1, max_overflow=0, **shared)
        event.listen(engine.sync_engine, "begin", _switch)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine, engine.execution_options(**READ_ONLY)
    file = SqliteFile(url.file)
    writing = partial(file.connect, timeout_seconds=seconds, read_only=False)
    reading = partial(file.connect, timeout_seconds=seconds, read_only=True)
    bounds = {"pool_size": settings.db_pool_size, "max_overflow": settings.db_max_overflow}
    writer = _engine(url, writing, pool_size=1, max_overflow=0, **shared)
    # The connection used last has the pages and statements that are wanted next.
    reader = _engine(url, reading, pool_use_lifo=True, execution_options=READ_ONLY, **bounds, **shared)
    for engine in (writer, reader):
        event.listen(engine.sync_engine, "checkout", file.refuse_other)
        event.listen(engine.sync_engine, "begin", _begin)
    return writer, reader


def _engine(url: DatabaseUrl, connect: Callable[[], Awaitable[Any]], **options: Any) -> AsyncEngine:
    engine = create_async_engine(url.url, async_creator=connect, poolclass=AsyncAdaptedQueuePool, **options)
    event.listen(engine.sync_engine, "handle_error", _keep_when_cancelled)
    return engine


def _begin(connection: CoreConnection) -> None:
    """Take the write lock first: who reads, then wants to write, can't be made to wait, only to fail."""
    driver: Any = connection.connection.driver_connection
    driver.begins_with = "BEGIN" if _is_reading(connection) else TAKE_LOCK


def _switch(connection: CoreConnection) -> None:
    """Make the one connection refuse writes or take them; those of a file are made as one or the other."""
    read_only = _is_reading(connection)
    if connection.info.get("query_only", False) != read_only:
        connection.exec_driver_sql(f"PRAGMA query_only={int(read_only)}")
        connection.info["query_only"] = read_only


def _is_reading(connection: CoreConnection) -> bool:
    return bool(connection.get_execution_options().get("sqlite_read_only"))


def _keep_when_cancelled(context: ExceptionContext) -> None:
    """A cancelled statement is over when this is heard of (see `Connection`), and its connection is sound.

    Thrown away, it would take a database in memory with it.
    """
    if isinstance(context.original_exception, asyncio.CancelledError):
        context.is_disconnect = False
