"""What the plainest load of the same rows takes: a measure for how long moving them takes."""

import time
from typing import Any

from sqlalchemy import MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.connecting import DEFERRED, connect
from app.core.db.copying.lines import Rows
from app.core.db.copying.loading import insert_of, to_copy
from app.core.db.copying.reading import WHOLE, read_rows, report
from app.core.db.url import DatabaseUrl
from app.core.operating import Progress, silent

PREFIX = "bare_"


async def bare_seconds(
    rows: AsyncConnection, target: DatabaseUrl, metadata: MetaData, progress: Progress = silent
) -> float:
    """Seconds of loading alone, without reading, into temporary tables without keys, checks and indexes.

    By COPY on Postgres, by executemany on SQLite. Nothing of it stays.
    """
    seconds = 0.0
    async with connect(target) as connection:
        await connection.execution_options(**{DEFERRED: True})
        async with connection.begin() as transaction:
            for statement in WHOLE if target.dialect == "postgresql" else ():
                await connection.exec_driver_sql(statement)
            for table in metadata.sorted_tables:
                seconds += await _load_bare(rows, connection, table, progress)
            await transaction.rollback()
    return seconds


async def _load_bare(rows: AsyncConnection, into: AsyncConnection, table: Table, progress: Progress) -> float:
    name, seconds, done = f"{PREFIX}{table.name}", 0.0, 0
    await into.exec_driver_sql(f'CREATE TEMPORARY TABLE {name} AS SELECT * FROM "{table.name}" WHERE 1 = 0')
    async for batch in read_rows(rows, table):
        load = await _loader(into, table, name, batch.rows)
        started = time.monotonic()
        await load
        seconds += time.monotonic() - started
        done += len(batch.rows)
        report(progress, f"{table.name}: loaded bare", done, len(batch.rows))
    return seconds


async def _loader(into: AsyncConnection, table: Table, name: str, rows: Rows) -> Any:
    """The load, ready to be awaited."""
    driver: Any = (await into.get_raw_connection()).driver_connection
    if into.dialect.name == "sqlite":
        return driver.executemany(insert_of(table, name), rows)
    names = [column.name for column in table.columns]
    return driver.copy_records_to_table(name, records=to_copy(table, rows), columns=names)
