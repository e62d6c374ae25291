"""One connection of its own, for work that is no request: it may take its time, and only look."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.core.db.errors import name_of
from app.core.db.url import DatabaseUrl
from app.core.files import private_file, private_folder

CONNECT_SECONDS: Final = 10
MAKE: Final = "run `python scripts/init_db.py` to make it"
MISSING: Final = "3D000"
"""On Postgres: there is no database of that name."""
LOCK_WAIT_SECONDS: Final = 300
"""How long one replica waits for another that is migrating."""

DEFERRED: Final = "deferred"
"""The execution option of a connection that only looks: on SQLite it begins without the write lock."""


class UnreachableError(Exception):
    """There is no database to talk to: one line, fit for a terminal, without secrets; why, by its code."""

    def __init__(self, line: str, code: str | None = None) -> None:
        super().__init__(line)
        self.code = code


@asynccontextmanager
async def connect(
    database: DatabaseUrl, *, lock_seconds: int = LOCK_WAIT_SECONDS
) -> AsyncIterator[AsyncConnection]:
    """One connection, of no pool, that may take its time. Raises UnreachableError.

    On SQLite it begins IMMEDIATE, so that two who migrate at once wait for each other instead of
    failing, unless it has the execution option `deferred`. The file's folder is made.
    """
    engine = _engine(database, lock_seconds)
    try:
        connection = await engine.connect()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError) as error:
        line = f"The database {database} can't be reached: {_reason(error)}"
        make = f"; {MAKE}" if name_of(error) == MISSING else ""
        raise UnreachableError(line + make, name_of(error)) from None
    try:
        yield connection
    finally:
        await connection.close()
        await engine.dispose()


@contextmanager
def reading(connection: Connection) -> Iterator[Connection]:
    """A transaction for those who only look: it waits for nobody."""
    connection.execution_options(**{DEFERRED: True})
    with connection.begin():
        yield connection


def refuse_missing(database: DatabaseUrl) -> None:
    """Raises UnreachableError for a file that is not there: to look for one must not make it."""
    if database.is_memory:
        raise UnreachableError("A database in memory can only be seen by the process that has it")
    if database.file and not database.file.is_file():
        raise UnreachableError(f"The database {database} does not exist; {MAKE}")


def _engine(database: DatabaseUrl, lock_seconds: int) -> AsyncEngine:
    if database.dialect == "postgresql":
        arguments = {"timeout": CONNECT_SECONDS, **database.connect_args}
        return create_async_engine(database.url, connect_args=arguments, poolclass=NullPool)
    if database.file:
        _make(database, database.file)
    engine = create_async_engine(database.url, poolclass=NullPool)
    event.listen(engine.sync_engine, "connect", partial(_take_over_transactions, lock_seconds))
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _make(database: DatabaseUrl, file: Path) -> None:
    """A database may come into being here: its file is made, and its folder."""
    try:
        private_folder(file.parent)
    except OSError as error:
        reason = f"the folder {file.parent} can't be made ({error.strerror})"
        raise UnreachableError(f"The database {database} can't be reached: {reason}") from None
    private_file(file)


def _take_over_transactions(lock_seconds: int, dbapi: Any, _record: object) -> None:
    """The driver would begin by itself, and only at the first INSERT: DDL would not be in it."""
    dbapi.isolation_level = None
    cursor = dbapi.cursor()
    cursor.execute(f"PRAGMA busy_timeout={lock_seconds * 1000}")
    cursor.execute("PRAGMA schema_version")  # reads the file: one that is no database is known now
    cursor.close()


def _begin(connection: Connection) -> None:
    deferred = connection.get_execution_options().get(DEFERRED)
    connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")


def _reason(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "strerror", None) or str(cause) or "it does not answer in time"
