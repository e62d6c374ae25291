"""A database's rows, in the order of their key, as they all were at one moment."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from sqlalchemy import Column, MetaData, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.connecting import DEFERRED, connect
from app.core.db.copying.columns import after_reading, selected
from app.core.db.copying.lines import Batch, Digest, RowError, Rows, batch_of
from app.core.db.copying.sizes import rows_at_once
from app.core.db.migrations.transaction import ALL_ROWS, NO_TIME_OUTS
from app.core.db.rules.kinds import kind_of
from app.core.db.url import DatabaseUrl
from app.core.operating import Progress, silent

BATCH_ROWS: Final = 4_000
BATCH_BYTES: Final = 8 * 1024 * 1024
"""When a batch is enough: at so many rows, or so many bytes of lines."""
REPORT_ROWS: Final = 100_000

WHOLE: Final = (
    *NO_TIME_OUTS,
    ALL_ROWS,
    # CHECKs, too, look at instants as text.
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL TimeZone = 'UTC'",
)
"""The same for what is to see every row as it is."""
_LOOK: Final = {"postgresql": "SELECT 1", "sqlite": "SELECT count(*) FROM sqlite_master"}
"""What is seen is settled by the first statement that looks, not by BEGIN."""
# Of the system's C locale only: ICU calls its own something else, and orders by it.
_IN_C_ORDER: Final = text(
    "SELECT datcollate IN ('C', 'POSIX') AND coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c'"
    " FROM pg_database d WHERE datname = current_database()"
)


@asynccontextmanager
async def snapshot(database: DatabaseUrl) -> AsyncIterator[AsyncConnection]:
    """A connection that sees the database as it is now, however long it looks and whoever writes.

    One transaction that only reads, and hinders nobody. Raises UnreachableError; a SQLite file that is
    missing would be made: see `refuse_missing`.
    """
    async with connect(database) as connection:
        await connection.execution_options(**{DEFERRED: True})
        if database.dialect == "postgresql":
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with connection.begin():
            for statement in WHOLE if database.dialect == "postgresql" else ():
                await connection.exec_driver_sql(statement)
            await connection.exec_driver_sql(_LOOK[database.dialect])
            yield connection


async def read_rows(connection: AsyncConnection, table: Table) -> AsyncGenerator[Batch]:
    """All rows of a table in the order of its key, a batch at a time, in the transaction that is open."""
    rows: Rows = []
    lines: list[bytes] = []
    async with aclosing(_parts(connection, table)) as parts:
        async for part in parts:
            rows += part.rows
            lines.append(part.lines)
            if len(rows) >= BATCH_ROWS or sum(map(len, lines)) >= BATCH_BYTES:
                yield Batch(rows, b"".join(lines))
                rows, lines = [], []
    if rows:
        yield Batch(rows, b"".join(lines))


async def read_ahead(connection: AsyncConnection, table: Table) -> AsyncGenerator[Batch]:
    """The same, each batch read while the one before is worked on."""
    async with aclosing(read_rows(connection, table)) as batches:
        coming = asyncio.ensure_future(anext(batches, None))
        try:
            while batch := await coming:
                coming = asyncio.ensure_future(anext(batches, None))
                yield batch
        finally:
            # Not cancelled: on Postgres that would spoil the transaction, and with it the snapshot.
            await asyncio.gather(coming, return_exceptions=True)


async def digest_of(connection: AsyncConnection, table: Table, progress: Progress = silent) -> Digest:
    """How many rows a table has, and their digest."""
    digest = Digest()
    async for batch in read_rows(connection, table):
        digest.add(batch)
        report(progress, f"{table.name}: read", digest.rows, len(batch.rows))
    return digest


async def digests_of(
    connection: AsyncConnection, metadata: MetaData, progress: Progress = silent
) -> dict[str, Digest]:
    """The same of all tables, parents first, each by its name."""
    return {str(table.name): await digest_of(connection, table, progress) for table in metadata.sorted_tables}


def converted(rows: list[Any], converters: dict[int, Callable[[Any], Any]]) -> Rows:
    """The rows with some columns converted: column by column, since a call for each row costs more."""
    if not converters:
        return rows
    columns: list[Any] = list(zip(*rows, strict=True))
    for index, convert in converters.items():
        columns[index] = list(map(convert, columns[index]))
    return list(zip(*columns, strict=True))


def report(progress: Progress, what: str, rows: int, more: int) -> None:
    """Tell of every so many rows; `more` of them are new."""
    if rows // REPORT_ROWS != (rows - more) // REPORT_ROWS:
        progress(f"{what} {rows} rows")


async def _parts(connection: AsyncConnection, table: Table) -> AsyncGenerator[Batch]:
    """What each fetch gives: never more than memory bears."""
    converters, count = _converters(table, connection.dialect.name), rows_at_once(table)
    async with _cursor(connection, await _statement(connection, table)) as fetch:
        while found := await _fetched(table, fetch(count)):
            yield batch_of(converted(found, converters))


def _converters(table: Table, dialect: str) -> dict[int, Callable[[Any], Any]]:
    found = ((index, after_reading(column, dialect)) for index, column in enumerate(table.columns))
    return {index: convert for index, convert in found if convert}


async def _statement(connection: AsyncConnection, table: Table) -> str:
    dialect = connection.dialect.name
    collate = dialect == "postgresql" and not await connection.scalar(_IN_C_ORDER)
    columns = ", ".join(selected(column, dialect) for column in table.columns)
    key = ", ".join(_ordered(column, collate=collate) for column in table.primary_key.columns)
    return f'SELECT {columns} FROM "{table.name}" ORDER BY {key}'


def _ordered(column: Column[Any], *, collate: bool) -> str:
    """On Postgres as by SQLite: by code point. Where that is the order anyway, the key's index has it."""
    return f'"{column.name}" COLLATE "C"' if collate and kind_of(column) == "text" else f'"{column.name}"'


@asynccontextmanager
async def _cursor(
    connection: AsyncConnection, statement: str
) -> AsyncIterator[Callable[[int], Awaitable[list[Any]]]]:
    """What fetches the next so many rows, by a cursor of the driver's own."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if connection.dialect.name == "sqlite":
        async with driver.execute(statement) as cursor:
            yield cursor.fetchmany
        return
    portal = await driver.cursor(statement)

    async def fetch(count: int) -> list[Any]:
        return [tuple(record) for record in await portal.fetch(count)]

    yield fetch


async def _fetched(table: Table, rows: Awaitable[list[Any]]) -> list[Any]:
    try:
        return await rows
    except sqlite3.OperationalError as error:
        if hasattr(error, "sqlite_errorcode"):
            raise
        # The one error that is the driver's own, not SQLite's.
        raise RowError(f"{table.name} has text that is not UTF-8") from None
