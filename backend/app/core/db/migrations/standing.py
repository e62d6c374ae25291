"""Refusing a database that is not at the revision of this code, before anything is done to its rows."""

from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.connecting import DEFERRED, UnreachableError, connect, refuse_missing
from app.core.db.errors import reason_of
from app.core.db.migrations.revisions import current_revision, revisions
from app.core.db.url import DatabaseUrl
from app.core.operating import RefusedError

MAKE: Final = "Make it ready first: `make db-init`, with DATABASE_URL set to it."
UPGRADE: Final = "Upgrade it first: `make migrate`, with DATABASE_URL set to it."


async def refuse_unready(database: DatabaseUrl, *, may_be_ahead: bool = False) -> None:
    """Raises UnreachableError where it is not there or can't be read, RefusedError at another revision."""
    refuse_missing(database)
    try:
        async with connect(database) as connection:
            await connection.execution_options(**{DEFERRED: True})
            await refuse_revision(connection, database, may_be_ahead=may_be_ahead)
    except DBAPIError as error:
        raise UnreachableError(f"The database {database} can't be read: {reason_of(error)}") from None


async def refuse_revision(
    connection: AsyncConnection, database: DatabaseUrl, *, may_be_ahead: bool = False
) -> None:
    """Raises RefusedError for a database at another revision; a newer one will do for some."""
    current, ours = await current_revision(connection), revisions()
    standing = ours.standing(current)
    if standing == "healthy" or (standing == "ahead" and may_be_ahead):
        return
    if current is None:
        raise RefusedError(f"{database} was never migrated. {MAKE}")
    if standing == "behind":
        raise RefusedError(f"{database} is at revision {current}, not at {ours.head}. {UPGRADE}")
    raise RefusedError(f"{database} is at revision {current}, of other code: use that code's commands.")
