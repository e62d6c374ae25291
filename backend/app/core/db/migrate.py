"""Migrations from within the program: where the schema is, where it should be, and the way there."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.core.db.errors import name_of
from app.core.db.migration_lock import DEFERRED, LOCK_WAIT_SECONDS, reading
from app.core.db.url import DatabaseUrl
from app.core.files import private_file, private_folder

INI: Final = Path(__file__).resolve().parents[4] / "migrations" / "alembic.ini"
CONNECT_SECONDS: Final = 10
AND: Final = " and "

Standing = Literal["healthy", "behind", "ahead"]

logger = logging.getLogger(__name__)


class UnreachableError(Exception):
    """There is no database to talk to: one line, fit for a terminal, without secrets; why, by its code."""

    def __init__(self, line: str, code: str | None = None) -> None:
        super().__init__(line)
        self.code = code


@dataclass(frozen=True)
class Revisions:
    """What this code knows of the schema: the revision that it wants, and all those up to there."""

    head: str | None
    known: frozenset[str]

    def standing(self, current: str | None) -> Standing:
        """Where a database at this revision stands; "ahead" was made by newer code than this."""
        if current == self.head:
            return "healthy"
        names = current.split(AND) if current else []
        return "behind" if self.known.issuperset(names) else "ahead"


def config(connection: Connection | None = None, first: Callable[[Connection], None] | None = None) -> Config:
    """Alembic's configuration; with a connection, env.py works on that one and leaves logging alone.

    `first` is what to do in the same transaction before all else, once nobody else migrates.
    """
    result = Config(INI)
    result.attributes.update(connection=connection, on_version_apply=_log_step, first=first)
    return result


def revisions() -> Revisions:
    """What the folder of migrations holds."""
    script = ScriptDirectory.from_config(config())
    known = frozenset(step.revision for step in script.walk_revisions())
    return Revisions(script.get_current_head(), known)


async def current_revision(connection: AsyncConnection) -> str | None:
    """The revision that the database is at, or None where it was never migrated."""
    return await connection.run_sync(revision_of)


def revision_of(connection: Connection) -> str | None:
    """The same, for those who are in the midst of synchronous code."""
    return AND.join(sorted(MigrationContext.configure(connection).get_current_heads())) or None


async def upgrade(database: DatabaseUrl, engine: AsyncEngine | None = None) -> list[str]:
    """Bring the schema to the head, in one transaction. Gives the revisions gone through; each is logged.

    A schema that is ahead stays as it is: newer code made it, while this was still being deployed.
    The connection is one of its own, without the service's time-outs, unless `engine` is given: a
    database in memory lives in its engine's one connection. One at a time in a process; any number
    of processes at once. Raises UnreachableError, ObstructedError, RevisionFailedError and OrphansError.
    """
    async with engine.connect() if engine else connect(database) as connection:
        return await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> list[str]:
    try:
        return upgrade_on(connection)
    except CommandError:
        with reading(connection):
            current = revision_of(connection)
        if revisions().standing(current) != "ahead":
            raise
        return []


def upgrade_on(connection: Connection, first: Callable[[Connection], None] | None = None) -> list[str]:
    """The same on a connection as `connect` makes it, after `first` in the same transaction."""
    settings, done = config(connection, first), []
    settings.attributes["on_version_apply"] = (_log_step, lambda step, **_: done.append(step.up_revision_id))
    command.upgrade(settings, "head")
    return done


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
        raise UnreachableError(line, name_of(error)) from None
    try:
        yield connection
    finally:
        await connection.close()
        await engine.dispose()


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


def _log_step(*, step: Any, **_: Any) -> None:
    way = "upgraded to" if step.is_upgrade else "downgraded from"
    logger.info("Database %s revision %s", way, step.up_revision_id)
