"""A crowded table: 200,000 tasks of Alice's among those of forty other people, loaded fast."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg

from app.models.base import table_of
from app.models.task import PRIORITIES, Task

ROWS = 240_000
START = datetime(2020, 1, 1, tzinfo=UTC)
"""Each task was created a minute after the one before."""

COLUMNS = [column.name for column in table_of(Task).c]
HEADS = "INSERT INTO change_heads SELECT user_id, '0123456789ab', max(seq), 0 FROM tasks GROUP BY user_id"


def created(number: int) -> datetime:
    """When a task was created."""
    return START + timedelta(minutes=number)


def id_of(number: int) -> UUID:
    """A task's id."""
    milliseconds = (created(number) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | number)


def seq_of(number: int) -> int:
    """A task's number: changed in no order."""
    return number * 7919 % ROWS + 1


def values_of(number: int) -> dict[str, Any]:
    """One in six is another person's, one in twenty-five is open, one in fifty in the trash."""
    moment = created(number)
    title = f"Task {number * 7919 % ROWS:06}"
    completed = number % 25 != 1
    return {
        "id": id_of(number),
        "created_at": moment,
        "updated_at": moment,
        "user_id": "alice" if number % 6 else f"person-{number // 6 % 40}",
        "seq": seq_of(number),
        "deleted_at": moment if number % 50 == 7 else None,
        "title": title,
        "title_key": title.lower(),
        "completed": completed,
        "completed_at": moment if completed else None,
        "priority": PRIORITIES[number % 5],
        "due_on": date(2026, 1, 1) + timedelta(days=number % 400) if number % 4 == 0 else None,
        "due_at": moment if number % 4 == 1 else None,
        "tags": '["home"]',
    }


def rows() -> Iterator[tuple[Any, ...]]:
    """Every row, in the order of the table's columns."""
    for number in range(ROWS):
        yield tuple(map(values_of(number).get, COLUMNS))


async def load_postgres(url: str) -> None:
    """Fill a migrated database, and let it learn what is in it, as autovacuum would."""
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table("tasks", records=rows(), columns=COLUMNS)
        await connection.execute(HEADS)
        await connection.execute("VACUUM (ANALYZE) tasks, change_heads")
    finally:
        await connection.close()


def load_sqlite(path: str) -> None:
    """Fill a migrated file. Nobody ever runs ANALYZE on it."""
    places = ", ".join("?" * len(COLUMNS))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -131072")
        connection.executemany(
            f"INSERT INTO tasks ({', '.join(COLUMNS)}) VALUES ({places})",
            (tuple(map(_as_sqlite_keeps_it, row)) for row in rows()),
        )
        connection.execute(HEADS)


def _as_sqlite_keeps_it(value: Any) -> Any:
    if isinstance(value, datetime):
        return _as_sqlite_keeps_instants(value)
    return str(value) if isinstance(value, UUID | date) else value


@lru_cache(maxsize=8)
def _as_sqlite_keeps_instants(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S.%f")
