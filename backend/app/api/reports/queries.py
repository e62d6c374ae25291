"""The statement of reports on time: pieces of entries, bucket by bucket, and what they add up to.

Parameters: `buckets`, `slots` and `days` (see core/buckets.py), the range's `first_day`, `last_day`,
`start` and `end`, `day_before` (a day before its start), `now`, `rounding_add` and `rounding_unit`
(seconds), and those of the filters.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    CTE,
    JSON,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
)
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.buckets import DAY_SECONDS
from app.core.db.session import Session
from app.core.http.etags import Head
from app.core.rows.filters import referring
from app.core.rows.json_texts import has_any
from app.core.rows.render import json_lines, json_row
from app.core.rows.spans import CrossJoin, cell, elements_of, epoch_seconds, unindexed
from app.core.rows.statements import by_user, head_columns, head_of, known_head, unless_known
from app.models.base import table_of
from app.models.task import Task
from app.models.time_code import TimeCode
from app.models.time_entry import LONG, TimeEntry
from app.models.work_type import WorkType

ENTRIES: Final = table_of(TimeEntry)
ENTRY: Final = ENTRIES.c
TASK: Final = table_of(Task)
CODE: Final = table_of(TimeCode)
TYPE: Final = table_of(WorkType)

NAMES: Final = {
    "task": (TASK, {"task": TASK.c.title}),
    "time_code": (CODE, {"time_code": CODE.c.code, "time_code_name": CODE.c.name}),
    "work_type": (TYPE, {"work_type": TYPE.c.code, "work_type_name": TYPE.c.name}),
}
"""What an entry can refer to: the table, and what a row tells of it."""

KEYS: Final[dict[str, ColumnElement[Any]]] = {
    **{unit: ENTRY[f"{unit}_id"].label(f"{unit}_id") for unit in NAMES},
    # All tags of an entry, as text: taken apart, the entry would count more than once in the total.
    "tag": cast(ENTRY.tags, Text).label("tags"),
}
"""What pieces are grouped by beside their bucket."""


class Sum(msgspec.Struct, frozen=True, gc=False):
    """What one bucket has of one key; `begun` is how many of its entries have their first piece there.

    `tags` are all of an entry's tags, as JSON.
    """

    number: int
    seconds: int
    entries: int
    begun: int
    task_id: UUID | None = None
    task: str | None = None
    time_code_id: UUID | None = None
    time_code: str | None = None
    time_code_name: str | None = None
    work_type_id: UUID | None = None
    work_type: str | None = None
    work_type_name: str | None = None
    tags: str | None = None


SUMS: Final = msgspec.json.Decoder(Sum)


@dataclass(frozen=True)
class TimeSums:
    """The sums, none where the head is a known one, and when the running timer started, if there is one."""

    head: Head
    runs_since: datetime | None
    sums: list[Sum]

    @property
    def is_cut(self) -> bool:
        """Whether the statement stopped at a bound, so that these are not all."""
        return len(self.sums) > ROWS_MAX or sum(each.entries for each in self.sums) > PIECES_MAX


FILTERS: Final = {
    "tag": has_any(ENTRY.tags, bindparam("tags", type_=JSON())),
    **referring("task", unindexed(ENTRY.task_id)),
    **referring("time_code", unindexed(ENTRY.time_code_id)),
    **referring("work_type", unindexed(ENTRY.work_type_id)),
}

ONE: Final = literal_column("1", BigInteger())
DAY: Final = literal_column(str(DAY_SECONDS), BigInteger())
ZERO: Final = literal_column("0", BigInteger())
NEVER: Final = literal_column("9223372036854775807", BigInteger())
"""The end of a bucket for a duration: it is on one day, however long it is."""

PIECES_MAX: Final = 500_000
ROWS_MAX: Final = 20_000
"""The most that a report is made of, and has. A few thousand entries of years would be millions of pieces;
more rows would keep everybody waiting while they are put in order. The statement stops at one more.
"""

START, END, DAY_BEFORE = (bindparam(name, type_=UTCDateTime()) for name in ("start", "end", "day_before"))
FIRST_DAY, LAST_DAY = (bindparam(name, type_=ENTRY.entry_date.type) for name in ("first_day", "last_day"))
ENDED: Final = func.coalesce(ENTRY.ended_at, bindparam("now", type_=UTCDateTime()), type_=UTCDateTime())


def _listed(name: str, *columns: tuple[str, str]) -> CTE:
    """The rows of a JSON array: the columns' names, and their types in the words of Postgres.

    Materialized, or SQLite would go through the array again for each entry.
    """
    value = elements_of(bindparam(name, type_=JSON())).c.value
    cells = (cell(value, place, type_, column) for place, (column, type_) in enumerate(columns))
    return select(*cells).cte(name).prefix_with("MATERIALIZED")


BUCKETS: Final = _listed(
    "buckets", ("number", "BIGINT"), ("start_second", "BIGINT"), ("end_second", "BIGINT")
)
SLOTS: Final = _listed("slots", ("utc_day", "BIGINT"), ("number", "BIGINT"))
DAYS: Final = _listed("days", ("day", "DATE"), ("number", "BIGINT"))
BUCKET: Final = BUCKETS.c


def _all_begun(keys: list[ColumnElement[Any]], *filters: ColumnElement[bool]) -> Subquery:
    """The first piece of each entry: it is in one of these five, and found by an index.

    A piece goes from one second to another; what lies beyond its bucket's `edge` is carried on.
    """
    began, ends, edge = epoch_seconds(ENTRY.started_at), epoch_seconds(ENDED), BUCKET.end_second
    in_a_bucket = CrossJoin(CrossJoin(ENTRIES, SLOTS), BUCKETS), BUCKET.number, began, ends, edge
    within = (
        *(ENTRY.started_at >= START, ENTRY.started_at < END),
        *(SLOTS.c.utc_day == began // DAY, BUCKET.number == SLOTS.c.number),
        *(began >= BUCKET.start_second, began < BUCKET.end_second),
    )
    in_the_first = CrossJoin(ENTRIES, BUCKETS), BUCKET.number, BUCKET.start_second, ends, edge
    reaching = (BUCKET.number == ZERO, ends > BUCKET.start_second)
    lately = (ENTRY.started_at >= DAY_BEFORE, ENTRY.started_at < START, ENTRY.ended_at.is_not(None))
    long_ago = (LONG, ENTRY.ended_at > START, unindexed(ENTRY.started_at) < DAY_BEFORE)
    on_a_day = CrossJoin(ENTRIES, DAYS), DAYS.c.number, ZERO, ENTRY.duration_seconds, NEVER
    lasting = (
        *(ENTRY.entry_date.between(FIRST_DAY, LAST_DAY), DAYS.c.day == unindexed(ENTRY.entry_date)),
        unindexed(ENTRY.started_at).is_(None),
    )
    found = (
        (in_a_bucket, within),
        (in_the_first, (*lately, *reaching)),
        (in_the_first, (*long_ago, *reaching)),
        (in_the_first, (*_runs_before(START), *reaching)),
        (on_a_day, lasting),
    )
    names = ("number", "starts", "ends", "edge")
    return union_all(
        *(
            select(*map(ColumnElement.label, values, names), ONE.label("begun"), *keys)
            .select_from(source)
            .where(by_user(ENTRIES), *conditions, ENTRY.deleted_at.is_(None), *filters)
            for (source, *values), conditions in found
        )
    ).subquery("begun")


def pieces_of(units: tuple[str, ...], filters: tuple[str, ...]) -> CTE:
    """The pieces of entries: `number` of the bucket, the seconds that it `starts` and its entry `ends` at,
    the bucket's `edge`, whether it is the entry's first (`begun`), and the keys of these units.
    """
    keys = [KEYS[unit] for unit in units if unit in KEYS]
    begun = _all_begun(keys, *(FILTERS[name] for name in filters))
    pieces = select(*begun.c).cte("pieces", recursive=True)
    carried = (
        select(
            BUCKET.number,
            BUCKET.start_second,
            pieces.c.ends,
            BUCKET.end_second,
            ZERO,
            *(pieces.c[key.name] for key in keys),
        )
        .select_from(pieces.join(BUCKETS, BUCKET.number == pieces.c.number + ONE))
        .where(pieces.c.ends > pieces.c.edge)
    )
    return pieces.union_all(carried)


def _sums(units: tuple[str, ...], filters: tuple[str, ...]) -> Subquery:
    """Each bucket's and key's `seconds`, how many `entries` have a piece there, how many `begun` there."""
    pieces = pieces_of(units, filters)
    # Both engines make the pieces of a recursion as they are asked for, and no more of them.
    piece = select(*pieces.c).limit(literal_column(str(PIECES_MAX + 1), BigInteger())).subquery("bounded").c
    seconds = case(
        (piece.ends <= piece.starts, ZERO),  # a timer that starts in the future
        (piece.ends < piece.edge, piece.ends - piece.starts),
        else_=piece.edge - piece.starts,
    )
    add, unit = (bindparam(name, type_=BigInteger()) for name in ("rounding_add", "rounding_unit"))
    rounded = (seconds + add) // unit * unit
    keys = [piece.number, *(piece[KEYS[name].name] for name in units if name in KEYS)]
    return (
        select(
            *keys,
            cast(func.sum(rounded), BigInteger).label("seconds"),
            func.count().label("entries"),
            cast(func.sum(piece.begun), BigInteger).label("begun"),
        )
        .group_by(*keys)
        .limit(literal_column(str(ROWS_MAX + 1), BigInteger()))
        .subquery("sums")
    )


def _named(units: tuple[str, ...], sums: Subquery) -> Select[Any]:
    """The sums as lines of JSON, with the names of what they refer to, be it in the trash or not."""
    joined: FromClause = sums
    names = []
    for unit in units:
        if unit in NAMES:
            table, columns = NAMES[unit]
            joined = joined.outerjoin(table, and_(by_user(table), table.c.id == sums.c[f"{unit}_id"]))
            names += [column.label(name) for name, column in columns.items()]
    return select(json_lines(json_row(*sums.c, *names))).select_from(joined)


def _runs_before(instant: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    """The running timer, if it started before an instant; in the words of its index, which has one row."""
    return ENTRY.ended_at.is_(None), ENTRY.deleted_at.is_(None), unindexed(ENTRY.started_at) < instant


def _runs_since(*filters: ColumnElement[bool]) -> ColumnElement[Any]:
    """When the running timer started, if there is one that started before the end."""
    running = select(ENTRY.started_at).where(by_user(ENTRIES), *_runs_before(END), *filters)
    return running.scalar_subquery().label("runs_since")


@lru_cache(maxsize=512)
def time_statement(units: tuple[str, ...], filters: tuple[str, ...]) -> Select[Any]:
    """The statement of a report: epoch, seq, runs_since, lines; no entry is read where the head is known."""
    return select(
        *head_columns(),
        _runs_since(*(FILTERS[name] for name in filters)),
        unless_known(_named(units, _sums(units, filters))).label("lines"),
    )


async def read_sums(
    session: Session,
    user_id: str,
    units: tuple[str, ...],
    filters: tuple[str, ...],
    parameters: dict[str, object],
    known: list[Head],
) -> TimeSums:
    """The person's sums, with the head that they are of."""
    statement = time_statement(tuple(unit for unit in units if unit in KEYS), filters)
    given = {**parameters, "by_user_id": user_id, **known_head(known)}
    row = await session.row(statement, given)
    return TimeSums(head_of(row), row.runs_since, SUMS.decode_lines(row.lines or b""))
