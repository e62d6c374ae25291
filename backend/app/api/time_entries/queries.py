"""The statements of time entries: their JSON, sorts and filters, and the facts that rules decide by."""

from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from app.api.config.queries import setting
from app.api.tasks.queries import TASKS
from app.api.time_codes.queries import TIME_CODES
from app.api.time_entries.schemas import TimeEntryNew, TimeEntryOut, TimeEntryPatch, TimeEntryPut
from app.api.work_types.queries import WORK_TYPES
from app.core.http.wire import Day, Instant
from app.core.ids import GREATEST_ID, LEAST_ID
from app.core.rows.filters import bound, filters_of, referring
from app.core.rows.instants import AFTER_ALL, BEFORE_ALL, instant_or_day, midnight
from app.core.rows.json_texts import has_all, has_any
from app.core.rows.pages import Listing
from app.core.rows.references import names_live_row
from app.core.rows.resources import Resource
from app.core.rows.sorts import Sort, both_ways, sorts_of
from app.core.rows.statements import by_user
from app.models.base import table_of
from app.models.time_entry import DAY_SECONDS, DURATION_MAX, TimeEntry

ENTRIES: Final = table_of(TimeEntry)
ENTRY: Final = ENTRIES.c

TIME_ENTRIES: Final = Resource(
    name="time entry",
    path="/time-entries",
    table=ENTRIES,
    out=TimeEntryOut,
    columns=TimeEntryOut.__struct_fields__,
    new=TimeEntryNew,
    put=TimeEntryPut,
    patch=TimeEntryPatch,
    cleared={"tags": []},
    released=frozenset({"task_id"}),
    references={"task_id": TASKS, "time_code_id": TIME_CODES, "work_type_id": WORK_TYPES},
)


SORTS: Final[dict[str, Sort[TimeEntryOut]]] = {
    **sorts_of(TIME_ENTRIES),
    **both_ways(
        {
            "day": Sort(
                (ENTRY.entry_date, ENTRY.id),
                tuple[Day, UUID],
                (BEFORE_ALL.date(), LEAST_ID),
                (AFTER_ALL.date(), GREATEST_ID),
                lambda entry: (entry.entry_date, entry.id),
                served=True,
            ),
            "started_at": Sort(
                (instant_or_day(ENTRY.started_at, ENTRY.entry_date), ENTRY.id),
                tuple[Instant, UUID],
                (BEFORE_ALL, LEAST_ID),
                (AFTER_ALL, GREATEST_ID),
                lambda entry: (entry.started_at or midnight(entry.entry_date), entry.id),
            ),
            "duration": Sort(
                (func.coalesce(ENTRY.duration_seconds, -1), ENTRY.id),
                tuple[int, UUID],
                (-2, LEAST_ID),
                (DURATION_MAX + 1, GREATEST_ID),
                lambda entry: (-1 if entry.duration_seconds is None else entry.duration_seconds, entry.id),
            ),
        }
    ),
}

# Equal to itself is not NULL. Asked for NOT NULL, SQLite takes the index of all starts, and not that of
# the one entry that runs: it would read every entry.
RUNS: Final = and_(ENTRY.started_at == ENTRY.started_at, ENTRY.ended_at.is_(None))
RUNNING_ID: Final = (
    select(ENTRY.id)
    .where(by_user(ENTRIES), RUNS, ENTRY.deleted_at.is_(None))
    .correlate(None)
    .scalar_subquery()
)
"""The id of the running timer, NULL where none runs."""

TAGS: Final = bindparam("tags", type_=JSON())

FILTERS: Final[dict[str, ColumnElement[bool]]] = {
    **filters_of(TIME_ENTRIES, "description", "raw_text"),
    **referring("task", ENTRY.task_id),
    **referring("time_code", ENTRY.time_code_id),
    **referring("work_type", ENTRY.work_type_id),
    "day_from": ENTRY.entry_date >= bound("day_from", ENTRY.entry_date),
    "day_to": ENTRY.entry_date <= bound("day_to", ENTRY.entry_date),
    "time_from": or_(ENTRY.ended_at > bound("time_from", ENTRY.ended_at), RUNS),
    "time_to": ENTRY.started_at < bound("time_to", ENTRY.started_at),
    "tag_any": has_any(ENTRY.tags, TAGS),
    "tag_all": has_all(ENTRY.tags, TAGS),
    "running": ENTRY.id == RUNNING_ID,
    "running_trashed": RUNS,
    "finished": ENTRY.duration_seconds.is_not(None),
    "locked": ENTRY.locked.is_(True),
    "unlocked": ENTRY.locked.is_(False),
}


def _names(page: FromClause) -> list[ColumnElement[Any]]:
    """What the entries of a page refer to, in words; what lies in the trash has its name still."""
    return [
        _named(page, "task_id", "title").label("task_title"),
        _named(page, "time_code_id", "code").label("time_code"),
        _named(page, "time_code_id", "name").label("time_code_name"),
        _named(page, "work_type_id", "code").label("work_type"),
        _named(page, "work_type_id", "name").label("work_type_name"),
    ]


def _named(page: FromClause, column: str, name: str) -> ScalarSelect[Any]:
    table = TIME_ENTRIES.references[column].table
    return select(table.c[name]).where(by_user(table), table.c.id == page.c[column]).scalar_subquery()


TIME_ENTRY_LIST: Final = Listing(TIME_ENTRIES, SORTS, FILTERS, {"names": _names})


@lru_cache(maxsize=8)
def facts_statement(columns: tuple[str, ...]) -> Select[Any]:
    """What rules decide by, in one row: two settings, the running timer's JSON, and for each of these
    columns whether its new value names a live row of the person's.
    """
    running = select(TIME_ENTRIES.row).where(by_user(ENTRIES), RUNS, ENTRY.deleted_at.is_(None))
    return select(
        setting("time_zone").label("time_zone"),
        setting("overlap").label("overlap"),
        running.scalar_subquery().label("running"),
        *(names_live_row(TIME_ENTRIES, column).label(column) for column in columns),
    )


SHOWN: Final = 10
"""How many of the entries in the way are named."""

FROM: Final = bound("way_from", ENTRY.started_at)
TO: Final = bound("way_to", ENTRY.started_at)


def _in_the_way(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Other live entries that meet these conditions."""
    return select(ENTRY.started_at, ENTRY.id, TIME_ENTRIES.row.label("row")).where(
        by_user(ENTRIES),
        *conditions,
        ENTRY.deleted_at.is_(None),
        ENTRY.id != bound("own_id", ENTRY.id),
    )


# Each part is found by an index of its own: in one condition with OR, both engines would read all that
# came before. So would SQLite for the longer ones, if it could hold their start against an index; their
# length is a literal, as in the condition of the index that is theirs.
_OF_A_DAY: Final = (
    _in_the_way(
        ENTRY.started_at > bound("way_from_less_a_day", ENTRY.started_at),
        ENTRY.started_at < TO,
        ENTRY.ended_at > FROM,
        ENTRY.duration_seconds.between(1, DAY_SECONDS),
    )
    .order_by(ENTRY.started_at, ENTRY.id)
    .limit(SHOWN)
    .subquery("of_a_day")
)
_LONGER: Final = _in_the_way(
    ENTRY.duration_seconds > literal_column(str(DAY_SECONDS)),
    ENTRY.started_at == ENTRY.started_at,
    ENTRY.ended_at > FROM,
    func.coalesce(ENTRY.started_at, ENTRY.ended_at) < TO,
)
_RUNNING: Final = _in_the_way(ENTRY.id == RUNNING_ID, ENTRY.started_at < TO)
_FOUND: Final = union_all(select(_OF_A_DAY), _LONGER, _RUNNING).subquery("found")

IN_THE_WAY: Final[Select[Any]] = select(_FOUND.c.row).order_by(_FOUND.c.started_at, _FOUND.c.id).limit(SHOWN)
"""The JSON of live entries that share time with a stretch: half-open, a running timer without end."""
