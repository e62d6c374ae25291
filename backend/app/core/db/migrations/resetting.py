"""Dropping our tables and making them anew, in one transaction: there are always the old ones or the new."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection, MetaData, Table, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from app.core.db.connecting import connect, reading
from app.core.db.errors import reason_of
from app.core.db.migrations.revisions import revision_of
from app.core.db.migrations.transaction import ALL_ROWS
from app.core.db.migrations.upgrading import upgrade_on
from app.core.db.url import DatabaseUrl
from app.core.operating import FailedError

VERSION_TABLE: Final = "alembic_version"
OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


@dataclass(frozen=True)
class Contents:
    """What a database has of ours: its revision, the rows of each table, and how many others use it.

    On SQLite nobody can say who uses a file; `others` is then 1 where it was not closed properly, or is open.
    """

    revision: str | None
    rows: dict[str, int]
    others: int


async def contents_of(database: DatabaseUrl, metadata: MetaData) -> Contents:
    """What is in there, by reading only. Raises UnreachableError and DBAPIError."""
    is_open = bool(database.file and database.file.with_name(f"{database.file.name}-wal").exists())
    async with connect(database) as connection:
        return await connection.run_sync(_contents, metadata, is_open)


async def reset(database: DatabaseUrl, metadata: MetaData) -> list[str]:
    """Drop the tables of `metadata`, and no other, and migrate from nothing. Gives the revisions.

    Raises UnreachableError, FailedError where the tables can't be dropped, and what migrations raise.
    """
    async with connect(database) as connection:
        return await connection.run_sync(upgrade_on, partial(_drop, metadata))


def _contents(connection: Connection, metadata: MetaData, is_open: bool) -> Contents:
    with reading(connection):
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(ALL_ROWS)
        there = set(inspect(connection).get_table_names())
        tables = [table for table in metadata.sorted_tables if table.name in there]
        rows = {table.name: _count(connection, table) for table in tables}
        others = connection.scalar(OTHERS) if connection.dialect.name == "postgresql" else is_open
        return Contents(revision_of(connection), rows, int(others or 0))


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _drop(metadata: MetaData, connection: Connection) -> None:
    """Without CASCADE: what others made to depend on our tables is theirs to take away."""
    try:
        metadata.drop_all(connection)
        Table(VERSION_TABLE, MetaData()).drop(connection, checkfirst=True)
    except DBAPIError as error:
        raise FailedError(f"The tables can't be dropped, and all is as it was: {reason_of(error)}") from error
