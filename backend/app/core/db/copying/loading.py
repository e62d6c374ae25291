"""Rows into a database that is migrated and empty, all of them or none."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from sqlalchemy import MetaData, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.connecting import connect
from app.core.db.copying.columns import before_copying, placed
from app.core.db.copying.lines import RowError, Rows
from app.core.db.copying.reading import WHOLE, converted
from app.core.db.errors import name_of, takes_no_writes
from app.core.db.url import DatabaseUrl
from app.core.operating import RefusedError

LOCK_SECONDS: Final = 5
BUSY: Final = ("SQLITE_BUSY", "55P03")
CACHE_KIB: Final = 64 * 1024
"""Pages that SQLite keeps while indexes grow; what it can't keep it writes, and reads again."""


@asynccontextmanager
async def loading(database: DatabaseUrl, metadata: MetaData) -> AsyncIterator[AsyncConnection]:
    """A transaction that alone writes to a database without rows, committed when the block ends.

    Whatever ends it otherwise, a kill included, leaves the database without rows. Raises RefusedError
    where a table of `metadata` has rows or somebody else writes, and UnreachableError; a SQLite file that
    is missing would be made: see `refuse_missing`.
    """
    async with connect(database, lock_seconds=LOCK_SECONDS) as connection, AsyncExitStack() as stack:
        if database.dialect == "sqlite":
            await _prepare_sqlite(connection)
        try:
            await stack.enter_async_context(connection.begin())
            await _lock(connection, metadata)
        except DBAPIError as error:
            raise _refusal(database, error) from None
        await refuse_filled(connection, database, metadata)
        yield connection
        await _analyze(connection, metadata)


async def load_rows(connection: AsyncConnection, table: Table, rows: Rows) -> None:
    """Put rows into a table, by COPY on Postgres. Raises RowError, and what the driver raises."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if connection.dialect.name == "sqlite":
        await driver.executemany(insert_of(table), rows)
        return
    names = [column.name for column in table.columns]
    await driver.copy_records_to_table(table.name, records=to_copy(table, rows), columns=names)


def insert_of(table: Table, name: str | None = None) -> str:
    """SQLite's INSERT of one row of the table's, into the one called `name`."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    places = ", ".join(placed(column) for column in table.columns)
    return f'INSERT INTO "{name or table.name}" ({names}) VALUES ({places})'


def to_copy(table: Table, rows: Rows) -> list[Any]:
    """The rows as COPY takes them. Raises RowError."""
    found = ((index, before_copying(column)) for index, column in enumerate(table.columns))
    converters: dict[int, Callable[[Any], Any]] = {index: convert for index, convert in found if convert}
    try:
        return converted(rows, converters)
    except (ValueError, TypeError, OverflowError):
        raise RowError(f"{table.name} has a row whose day or instant is none") from None


def _refusal(database: DatabaseUrl, error: DBAPIError) -> Exception:
    if name_of(error).startswith(BUSY):
        return RefusedError(f"Somebody else writes to {database}. Stop the service first.")
    if takes_no_writes(error):
        return RefusedError(f"{database} takes no writes: {name_of(error)}.")
    return error


async def _prepare_sqlite(connection: AsyncConnection) -> None:
    """By the driver itself: both pragmas are for outside of a transaction."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    for pragma in ("foreign_keys=ON", f"cache_size=-{CACHE_KIB}"):
        await driver.execute(f"PRAGMA {pragma}")


async def _lock(connection: AsyncConnection, metadata: MetaData) -> None:
    """Keep others from writing; who reads sees no rows. On SQLite the transaction began with the lock."""
    if connection.dialect.name == "postgresql":
        for statement in (*WHOLE, f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"):
            await connection.exec_driver_sql(statement)
        await connection.exec_driver_sql(f"LOCK TABLE {_names(metadata)} IN EXCLUSIVE MODE")
    # A lock can be had of a database that takes no writes; this can't be done there, and does nothing else.
    await connection.exec_driver_sql(f'DELETE FROM "{metadata.sorted_tables[0].name}" WHERE 1 = 0')


async def _analyze(connection: AsyncConnection, metadata: MetaData) -> None:
    """Let Postgres plan by what is there now. SQLite's plans rest on no counts."""
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql(f"ANALYZE {_names(metadata)}")


def _names(metadata: MetaData) -> str:
    return ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)


async def refuse_filled(connection: AsyncConnection, database: DatabaseUrl, metadata: MetaData) -> None:
    """Raises RefusedError where one of the tables has a row."""
    for table in metadata.sorted_tables:
        found = await connection.exec_driver_sql(f'SELECT 1 FROM "{table.name}" LIMIT 1')
        if found.first():
            raise RefusedError(f"{database} is not empty: {table.name} has rows.")
