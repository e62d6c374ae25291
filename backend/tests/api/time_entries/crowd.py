"""A crowded table: 50,000 time entries of Alice's among those of twenty other people, loaded fast."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from app.models.base import table_of
from app.models.time_entry import TimeEntry

ROWS = 60_000
START = datetime(2020, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
APART = timedelta(minutes=30)
"""Each entry begins so long after the one before: 48 a day."""
LONG = timedelta(days=3)

COLUMNS = [column.name for column in table_of(TimeEntry).c]
HEADS = (
    "INSERT INTO change_heads SELECT user_id, '0123456789ab', max(seq), 0 FROM time_entries GROUP BY user_id"
)


def started(number: int) -> datetime:
    """When an entry began."""
    return START + number * APART


def id_of(number: int) -> UUID:
    """An entry's id: the moment at which it began, and its number."""
    return UUID(int=(started(number) - EPOCH) // timedelta(milliseconds=1) << 80 | 7 << 76 | 2 << 62 | number)


def values_of(number: int) -> dict[str, Any]:
    """One in six is another person's, one in fifty in the trash, one in ten a duration on a day, a few are
    longer than a day; Alice's last one runs.
    """
    start = None if number % 10 == 3 else started(number)
    length = LONG if number % 5_000 == 4_999 else timedelta(minutes=20)
    end = start + length if start and number != ROWS - 1 else None
    return {
        "id": id_of(number),
        "created_at": started(number),
        "updated_at": started(number),
        "user_id": "alice" if number % 6 else f"person-{number // 6 % 20}",
        "seq": number * 7919 % ROWS + 1,
        "deleted_at": started(number) if number % 50 == 7 else None,
        "started_at": start,
        "ended_at": end,
        "entry_date": started(number).date(),
        "time_zone": "UTC",
        "duration_seconds": None if start and not end else int(length.total_seconds()),
        "tags": '["home"]',
        "locked": False,
    }


def rows() -> Iterator[tuple[Any, ...]]:
    """Every row, in the order of the table's columns."""
    for number in range(ROWS):
        yield tuple(map(values_of(number).get, COLUMNS))


async def load_postgres(url: str) -> None:
    """Fill a migrated database, and let it learn what is in it, as autovacuum would."""
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table("time_entries", records=rows(), columns=COLUMNS)
        await connection.execute(HEADS)
        await connection.execute("VACUUM (ANALYZE) time_entries, change_heads")
    finally:
        await connection.close()


def load_sqlite(path: str) -> None:
    """Fill a migrated file. Nobody ever runs ANALYZE on it."""
    places = ", ".join("?" * len(COLUMNS))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            f"INSERT INTO time_entries ({', '.join(COLUMNS)}) VALUES ({places})",
            (tuple(map(_as_sqlite_keeps_it, row)) for row in rows()),
        )
        connection.execute(HEADS)


def _as_sqlite_keeps_it(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value if isinstance(value, str | int | None) else str(value)
