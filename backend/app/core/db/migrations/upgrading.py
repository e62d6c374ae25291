"""The way up: all pending revisions, in one transaction."""

from collections.abc import Callable

from alembic import command
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.db.connecting import connect, reading
from app.core.db.migrations.revisions import config, log_step, revision_of, revisions
from app.core.db.url import DatabaseUrl


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
    settings.attributes["on_version_apply"] = (log_step, lambda step, **_: done.append(step.up_revision_id))
    command.upgrade(settings, "head")
    return done
