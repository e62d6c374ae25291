"""What those who work with model instances share: their bodies, statements and sums."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

import _path  # noqa: F401 (makes `app` importable)
from app.models.task import Task
from app.models.time_entry import TimeEntry

POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 0, "pool_timeout": 60}
"""Connections as the others have them, and none that is opened and closed again under load."""
WAIT_SECONDS = 60
"""For SQLite's lock: nobody here queues writers, so some wait for long."""


class TaskCreate(SQLModel):
    """A new task."""

    title: str = Field(min_length=1, max_length=500)
    description: str | None = Field(default=None, max_length=20_000)
    completed: bool = False
    priority: str = "none"
    due_on: date | None = None
    due_at: datetime | None = None
    tags: list[str] = []
    estimate_seconds: int | None = Field(default=None, ge=0)


class TaskUpdate(SQLModel):
    """What may be patched."""

    priority: str | None = None
    estimate_seconds: int | None = Field(default=None, ge=0)


class Operation(SQLModel):
    """One task to create."""

    op: str
    type: str
    body: TaskCreate


class Batch(SQLModel):
    """Tasks to create."""

    operations: list[Operation]


def new_task(body: TaskCreate, user_id: str) -> Task:
    """The instance. Nobody here counts a person's changes: `seq` means nothing."""
    completed_at = datetime.now(UTC) if body.completed else None
    return Task(**body.model_dump(), user_id=user_id, seq=1, completed_at=completed_at)


def page_of(user_id: str, skip: int, limit: int) -> SelectOfScalar[Task]:
    """A person's tasks, newest first: by id, which has an index and is the order of creation."""
    mine = select(Task).where(Task.user_id == user_id, col(Task.deleted_at).is_(None))
    return mine.order_by(col(Task.id).desc()).offset(skip).limit(limit)


def key_of(user_id: str, id_: UUID) -> dict[str, object]:
    """A task's primary key."""
    return {"user_id": user_id, "id": id_}


def changed_after(user_id: str, since: str, limit: int) -> SelectOfScalar[Task]:
    """A person's tasks by their numbers, after the one in a cursor of Daybook's."""
    seq = int(since.split(".")[1])
    return select(Task).where(Task.user_id == user_id, Task.seq > seq).order_by(col(Task.seq)).limit(limit)


def entries_between(user_id: str, first: date, last: date) -> SelectOfScalar[TimeEntry]:
    """A person's entries of these days."""
    days = col(TimeEntry.entry_date).between(first, last)
    return select(TimeEntry).where(TimeEntry.user_id == user_id, col(TimeEntry.deleted_at).is_(None), days)


def day_sums(entries: Iterable[TimeEntry]) -> dict[str, Any]:
    """Time by days, added up here."""
    days: dict[date, list[int]] = {}
    for entry in entries:
        sums = days.setdefault(entry.entry_date, [0, 0])
        sums[0] += entry.duration_seconds or 0
        sums[1] += 1
    rows = [{"day": day, "seconds": sums[0], "entries": sums[1]} for day, sums in sorted(days.items())]
    seconds, count = (sum(sums[place] for sums in days.values()) for place in (0, 1))
    return {"rows": rows, "total_seconds": seconds, "entries": count}
