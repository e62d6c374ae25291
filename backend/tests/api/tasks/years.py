"""Years of entries: 20,000 of Alice's on 400 tasks, and as many of other people's, loaded fast."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Litestar
from sqlalchemy import insert, text

from app.models.base import table_of
from app.models.task import Task
from app.models.time_entry import TimeEntry
from tests.api.tasks.crowd import id_of

TASKS = 400
ENTRIES = 20_000
START = datetime(2020, 1, 1, tzinfo=UTC)
HEAD = "INSERT INTO change_heads VALUES ('alice', '0123456789ab', 1000000, 0)"


def tasks_of(user_id: str) -> list[dict[str, Any]]:
    """Of four, the third and the fourth have an estimate."""
    return [
        {
            **_common(user_id, id_of(number), number),
            "title": f"Task {number}",
            "estimate_seconds": 600 if number % 4 > 1 else None,
        }
        for number in range(TASKS)
    ]


def entries_of(user_id: str) -> list[dict[str, Any]]:
    """An hour each, one after the other, every second on a task: those with an odd number."""
    return [_entry(user_id, number, START + timedelta(hours=2 * number)) for number in range(ENTRIES)]


def _entry(user_id: str, number: int, started_at: datetime) -> dict[str, Any]:
    return _common(user_id, id_of(number), number) | {
        "task_id": id_of(number % TASKS) if number % 2 else None,
        "started_at": started_at,
        "ended_at": started_at + timedelta(hours=1),
        "duration_seconds": 3600,
        "entry_date": started_at.date(),
        "time_zone": "UTC",
    }


def _common(user_id: str, id_: UUID, number: int) -> dict[str, Any]:
    return {"id": id_, "user_id": user_id, "seq": number + 1, "created_at": START, "updated_at": START}


async def load_years(app: Litestar) -> None:
    """Fill a migrated database; Postgres learns what is in it, as by autovacuum, and SQLite does not."""
    database = app.state.database
    async with database.engine.begin() as connection:
        await connection.execute(text(HEAD))
        for user_id in ("alice", "bob"):
            await connection.execute(insert(table_of(Task)), tasks_of(user_id))
            await connection.execute(insert(table_of(TimeEntry)), entries_of(user_id))
        if database.url.dialect != "sqlite":
            await connection.execute(text("ANALYZE"))
