"""The statements of reports on tasks: a list of tasks that tells the time of each.

Parameters: `now`; of a range also `range_start` and `range_end`, the instants, and `first_day` and
`last_day`. Entries of no length are no time.
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)

from app.api.task_reports.schemas import TaskTime
from app.core.ids import GREATEST_ID, LEAST_ID
from app.core.rows.filters import bound
from app.core.rows.pages import Listing
from app.core.rows.resources import Resource
from app.core.rows.sorts import Sort
from app.core.rows.spans import epoch_seconds
from app.core.rows.statements import by_user
from app.models.base import table_of
from app.models.task import Task
from app.models.time_entry import TimeEntry

TASKS: Final = table_of(Task)
ENTRIES: Final = table_of(TimeEntry)
ENTRY: Final = ENTRIES.c

TASK_TIMES: Final = Resource(
    name="task",
    path="/reports/tasks",
    table=TASKS,
    out=TaskTime,
    columns=("id", "title", "completed", "estimate_seconds"),
)

NEWEST_FIRST: Final = "newest"
SORTS: Final[dict[str, Sort[TaskTime]]] = {
    NEWEST_FIRST: Sort(
        (TASKS.c.id,),
        tuple[UUID],
        (LEAST_ID,),
        (GREATEST_ID,),
        lambda task: (task.task_id,),
        descending=True,
        served=True,
    )
}

START: Final = bound("range_start", ENTRY.started_at)
END: Final = bound("range_end", ENTRY.started_at)
STARTED: Final = ENTRY.started_at
ENDED: Final = func.coalesce(ENTRY.ended_at, bound("now", ENTRY.ended_at), type_=ENTRY.ended_at.type)

MINE: Final = (by_user(ENTRIES), ENTRY.deleted_at.is_(None))
RUNS: Final = and_(STARTED.is_not(None), ENTRY.ended_at.is_(None))

EVER: Final = or_(ENTRY.duration_seconds > 0, and_(RUNS, STARTED < ENDED))
EVER_SECONDS: Final = func.coalesce(ENTRY.duration_seconds, epoch_seconds(ENDED) - epoch_seconds(STARTED))

WITHIN: Final = or_(
    and_(
        STARTED.is_(None),
        ENTRY.entry_date.between(bound("first_day", ENTRY.entry_date), bound("last_day", ENTRY.entry_date)),
        ENTRY.duration_seconds > 0,
    ),
    and_(STARTED < END, ENDED > START, STARTED < ENDED),
)
WITHIN_SECONDS: Final = case(
    (STARTED.is_(None), ENTRY.duration_seconds),
    else_=epoch_seconds(case((ENDED < END, ENDED), else_=END))
    - epoch_seconds(case((STARTED > START, STARTED), else_=START)),
)


def task_times(counts: ColumnElement[bool], seconds: ColumnElement[Any]) -> Listing[TaskTime]:
    """The list of tasks with the time of their entries that count, so many seconds of each."""
    # One pass over the person's entries, not one search for each task that is passed by.
    busy = select(ENTRY.task_id).where(*MINE, ENTRY.task_id.is_not(None), or_(counts, RUNS))
    worth = or_(TASKS.c.estimate_seconds.is_not(None), TASKS.c.id.in_(busy))

    def told(page: FromClause) -> list[ColumnElement[Any]]:
        its = (*MINE, ENTRY.task_id == page.c.id)
        # What counts is told within the sum: as a condition, it would lead SQLite to search by day and by
        # start for each task. Postgres sums BIGINT to NUMERIC.
        total = cast(func.coalesce(func.sum(case((counts, seconds))), 0), BigInteger)
        return [
            page.c.id.label("task_id"),
            page.c.title,
            page.c.completed,
            select(total).where(*its).correlate(page).scalar_subquery().label("tracked_seconds"),
            page.c.estimate_seconds,
            exists().where(*its, RUNS).correlate(page).label("running"),
        ]

    live = TASKS.c.deleted_at.is_(None)
    return Listing(TASK_TIMES, SORTS, {"live": live, "worth": worth}, told=told)


TASK_TIMES_EVER: Final = task_times(EVER, EVER_SECONDS)
TASK_TIMES_WITHIN: Final = task_times(WITHIN, WITHIN_SECONDS)
