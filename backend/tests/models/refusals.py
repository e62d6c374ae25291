"""What the database itself says to a row: inserted straight into its table, and taken back."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.errors import name_of
from app.core.db.session import open_database
from tests.service import settings_for

Row = dict[str, Any]

_CONSTRAINT = re.compile(r"\b(ck_\w+|fk_\w+|pk_\w+|uq_\w+)\b")
_KINDS = {
    "22001": "too long",
    "23502": "null",
    "SQLITE_CONSTRAINT_NOTNULL": "null",
    "23503": "reference",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "reference",
    "23505": "unique",
    "SQLITE_CONSTRAINT_UNIQUE": "unique",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "unique",
}


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    """A connection as the service has them; nothing stays of what is done on it."""
    database = open_database(settings_for(url))
    async with database.session() as session:
        yield await session.connection()
        await session.rollback()
    await database.dispose()


async def refusal(connection: AsyncConnection, table: Table, *rows: Row) -> str:
    """What the last row is refused for: a CHECK by its name, or the kind of thing; "" where it is taken."""
    async with connection.begin_nested() as savepoint:
        for row in rows[:-1]:
            await connection.execute(insert(table).values(row))
        said = ""
        try:
            async with connection.begin_nested():
                await connection.execute(insert(table).values(rows[-1]))
        except DBAPIError as error:
            said = _reason(table, error)
        await savepoint.rollback()
    return said


def _reason(table: Table, error: DBAPIError) -> str:
    if kind := _KINDS.get(name_of(error)):
        return kind
    [name] = set(_CONSTRAINT.findall(str(error.orig)))
    return str(name).removeprefix(f"ck_{table.name}_")


async def refusals(
    connection: AsyncConnection, table: Table, cases: Iterable[tuple[str, list[Row]]]
) -> dict[str, str]:
    """What each case is refused for."""
    return {what: await refusal(connection, table, *rows) for what, rows in cases}
