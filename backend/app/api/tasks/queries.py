"""The statements of tasks: their JSON, their sorts and their filters."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlmodel.sql.sqltypes import UTCDateTime

from app.api.tasks.schemas import TaskNew, TaskOut, TaskPatch, TaskPut
from app.core.http.wire import Instant
from app.core.ids import GREATEST_ID, LEAST_ID
from app.core.rows.filters import bound, filters_of
from app.core.rows.instants import AFTER_ALL, BEFORE_ALL, instant_or_day, midnight
from app.core.rows.json_texts import among, has_all, has_any
from app.core.rows.pages import Listing
from app.core.rows.resources import Resource
from app.core.rows.sorts import Sort, both_ways, sorts_of
from app.core.rows.statements import by_user
from app.models.base import table_of
from app.models.task import PRIORITIES, Task
from app.models.time_entry import TimeEntry

TASK = table_of(Task).c
ENTRIES = table_of(TimeEntry)

TASKS = Resource(
    name="task",
    path="/tasks",
    table=table_of(Task),
    out=TaskOut,
    columns=TaskOut.__struct_fields__,
    new=TaskNew,
    put=TaskPut,
    patch=TaskPatch,
    derived={
        "completed": (
            "completed_at",
            lambda completed, present, at: case((completed, func.coalesce(present, at))),
        )
    },
    cleared={"priority": "none", "tags": []},
    exclusive={"due_on": "due_at", "due_at": "due_on"},
)


NEVER_ASCENDING = datetime(9999, 1, 1, tzinfo=UTC)
NEVER_DESCENDING = datetime(1969, 1, 1, tzinfo=UTC)
"""Tasks that are never due come last in either direction, so each has its own stand-in for never."""


RANK = case({name: rank for rank, name in enumerate(PRIORITIES)}, value=TASK.priority, else_=-1)


def _sorts_by_due() -> dict[str, Sort[TaskOut]]:
    return {
        "due": _by_due(NEVER_ASCENDING),
        "-due": replace(_by_due(NEVER_DESCENDING), descending=True),
    }


def _by_due(never: datetime) -> Sort[TaskOut]:
    due = func.coalesce(
        instant_or_day(TASK.due_at, TASK.due_on), literal(never, UTCDateTime()), type_=UTCDateTime()
    )
    return Sort(
        keys=(due, TASK.id),
        type=tuple[Instant, UUID],
        least=(BEFORE_ALL, LEAST_ID),
        greatest=(AFTER_ALL, GREATEST_ID),
        keys_of=lambda task: (_due_of(task) or never, task.id),
    )


def _due_of(task: TaskOut) -> datetime | None:
    return midnight(task.due_on) if task.due_on else task.due_at


SORTS: dict[str, Sort[TaskOut]] = {
    **sorts_of(TASKS, "title"),
    **both_ways(
        {
            "priority": Sort(
                (RANK, TASK.id),
                tuple[int, UUID],
                (-1, LEAST_ID),
                (len(PRIORITIES), GREATEST_ID),
                lambda task: (PRIORITIES.index(task.priority), task.id),
            ),
        }
    ),
    **_sorts_by_due(),
}

TODAY = bound("today", TASK.due_on)

FILTERS: dict[str, ColumnElement[bool]] = {
    **filters_of(TASKS, "title", "description"),
    "open": TASK.completed_at.is_(None),
    "completed": TASK.completed_at.is_not(None),
    "priority": among(TASK.priority, bindparam("priorities", type_=JSON())),
    "tag_any": has_any(TASK.tags, bindparam("tags", type_=JSON())),
    "tag_all": has_all(TASK.tags, bindparam("tags", type_=JSON())),
    "overdue": and_(
        TASK.completed_at.is_(None), or_(TASK.due_on < TODAY, TASK.due_at < bound("now", TASK.due_at))
    ),
    "today": or_(
        TASK.due_on == TODAY,
        and_(TASK.due_at >= bound("day_start", TASK.due_at), TASK.due_at < bound("day_end", TASK.due_at)),
    ),
    "upcoming": or_(TASK.due_on > TODAY, TASK.due_at >= bound("day_end", TASK.due_at)),
    "undue": and_(TASK.due_on.is_(None), TASK.due_at.is_(None)),
    "due_from": or_(
        TASK.due_on >= bound("due_from_day", TASK.due_on), TASK.due_at >= bound("due_from_at", TASK.due_at)
    ),
    "due_to": or_(
        TASK.due_on < bound("due_to_day", TASK.due_on), TASK.due_at < bound("due_to_at", TASK.due_at)
    ),
}


def tracked(page: FromClause) -> list[ColumnElement[Any]]:
    """The time of each task's finished entries, and when the timer that runs on it started.

    What a running timer adds hangs on the instant: who asks adds it, and the list keeps its tag.
    """
    mine = (by_user(ENTRIES), ENTRIES.c.task_id == page.c.id, ENTRIES.c.deleted_at.is_(None))
    # Postgres sums BIGINT to NUMERIC.
    total = cast(func.coalesce(func.sum(ENTRIES.c.duration_seconds), 0), BigInteger)
    runs = (ENTRIES.c.started_at.is_not(None), ENTRIES.c.ended_at.is_(None))
    return [
        select(total).where(*mine).correlate(page).scalar_subquery().label("tracked_seconds"),
        select(ENTRIES.c.started_at)
        .where(*mine, *runs)
        .correlate(page)
        .scalar_subquery()
        .label("timer_started_at"),
    ]


TASK_LIST = Listing(TASKS, SORTS, FILTERS, {"tracked": tracked})
