"""Making a database where there is none yet: a file on SQLite, CREATE DATABASE on Postgres."""

from dataclasses import replace
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.connecting import MISSING, UnreachableError, connect
from app.core.db.errors import name_of, reason_of
from app.core.db.url import DatabaseUrl

MAINTENANCE: Final = ("postgres", "template1")
"""The databases that every server has, to speak to it from: the first that lets us in."""

_SHUT: Final = (MISSING, "28000", "42501")
"""Why a maintenance database may not do: it was dropped, or is not for us."""
_MADE_MEANWHILE: Final = ("42P04", "23505")
_NOT_ALLOWED: Final = "42501"


async def make_database(database: DatabaseUrl) -> bool:
    """Make it if it is missing; whether it was. Any number may do so at once. Raises UnreachableError."""
    if database.is_memory:
        raise UnreachableError("A database in memory can only be made by the process that has it")
    was_there = database.file is None or database.file.is_file()
    try:
        async with connect(database):
            return not was_there
    except UnreachableError as error:
        if error.code != MISSING:
            raise
    return await _create(database)


async def _create(database: DatabaseUrl) -> bool:
    """On the server, by way of a database that is there."""
    for name in MAINTENANCE:
        try:
            async with connect(replace(database, url=database.url.set(database=name))) as connection:
                return await _create_on(connection, database)
        except UnreachableError as error:
            if error.code not in _SHUT:
                raise
    raise UnreachableError(f"The database {database} does not exist; {_by_hand(database)}")


async def _create_on(connection: AsyncConnection, database: DatabaseUrl) -> bool:
    own = await connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        await own.exec_driver_sql(_statement(database))
    except DBAPIError as error:
        if name_of(error) in _MADE_MEANWHILE:
            return False
        line = f"The database {database} does not exist, and can't be made: {reason_of(error)}"
        by_hand = f"; {_by_hand(database)}" if name_of(error) == _NOT_ALLOWED else ""
        raise UnreachableError(line + by_hand) from None
    return True


def _statement(database: DatabaseUrl) -> str:
    """From the bare template: another one's encoding may be another, and could not be changed."""
    return f"CREATE DATABASE {_quoted(database.url.database)} ENCODING 'UTF8' TEMPLATE template0"


def _by_hand(database: DatabaseUrl) -> str:
    owner = f" OWNER {_quoted(database.url.username)}" if database.url.username else ""
    return f"have somebody who may run: {_statement(database)}{owner}"


def _quoted(name: str | None) -> str:
    return '"' + (name or "").replace('"', '""') + '"'
