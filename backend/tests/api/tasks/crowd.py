"""A crowded table: 200,000 tasks of Alice's among those of forty other people, loaded fast."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.models.task import PRIORITIES

ROWS = 240_000
START = datetime(2020, 1, 1, tzinfo=UTC)
"""Each task was created a minute after the one before."""


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


def rows() -> Iterator[dict[str, Any]]:
    """Every row."""
    return map(values_of, range(ROWS))
