"""Years of entries: 20,000 of Alice's on 400 tasks, and as many of Bob's, loaded fast."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from app.models.base import table_of
from app.models.task import Task
from app.models.time_entry import TimeEntry
from tests.api.crowded import load
from tests.api.tasks.crowd import id_of

TASKS = 400
ENTRIES = 20_000
START = datetime(2020, 1, 1, tzinfo=UTC)
PEOPLE = ("alice", "bob")


def tasks() -> Iterator[dict[str, Any]]:
    """Of four of a person's, the third and the fourth have an estimate."""
    for user_id in PEOPLE:
        for number in range(TASKS):
            yield _common(user_id, number) | {
                "title": f"Task {number}",
                "title_key": f"task {number}",
                "completed": False,
                "priority": "none",
                "estimate_seconds": 600 if number % 4 > 1 else None,
            }


def entries() -> Iterator[dict[str, Any]]:
    """An hour each, one after the other, every second on a task: those with an odd number."""
    for user_id in PEOPLE:
        for number in range(ENTRIES):
            started_at = START + timedelta(hours=2 * number)
            yield _common(user_id, number) | {
                "task_id": id_of(number % TASKS) if number % 2 else None,
                "started_at": started_at,
                "ended_at": started_at + timedelta(hours=1),
                "duration_seconds": 3600,
                "entry_date": started_at.date(),
                "time_zone": "UTC",
                "locked": False,
            }


def _common(user_id: str, number: int) -> dict[str, Any]:
    seq = {"seq": number + 1, "created_at": START, "updated_at": START}
    return {"id": id_of(number), "user_id": user_id, "tags": "[]", **seq}


async def load_years(url: str) -> None:
    """Fill a migrated database."""
    await load(url, table_of(Task), tasks())
    await load(url, table_of(TimeEntry), entries())
