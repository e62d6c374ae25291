"""The statement of reports on time: pieces of entries, bucket by bucket, and what they add up to.

Parameters: `buckets` (see core/buckets.py), `day_before` (a day before the first one's start), `end` (of
the last one), `now`, `rounding_add` and `rounding_unit` (seconds), and those of the filters.
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
    TextClause,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.http.etags import Head
from app.core.rows.json_texts import has_any, ids_among
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


def _filters() -> dict[str, ColumnElement[bool]]:
    found = {"tag": has_any(ENTRY.tags, bindparam("tags", type_=JSON()))}
    for unit in NAMES:
        column = unindexed(ENTRY[f"{unit}_id"])
        among = ids_among(column, bindparam(f"{unit}_ids", type_=JSON()))
        found |= {
            unit: among,
            f"no_{unit}": column.is_(None),
            f"{unit}_or_none": or_(among, column.is_(None)),
        }
    return found


FILTERS: Final = _filters()

Condition = ColumnElement[bool] | TextClause

ONE: Final = literal_column("1", BigInteger())
ZERO: Final = literal_column("0", BigInteger())
NEVER: Final = literal_column("9223372036854775807", BigInteger())
"""The end of a bucket for a duration: it is on one day, however long it is."""

ENDED: Final = func.coalesce(ENTRY.ended_at, bindparam("now", type_=UTCDateTime()), type_=UTCDateTime())


def _buckets() -> CTE:
    value = elements_of(bindparam("buckets", type_=JSON())).c.value
    return select(
        cell(value, 0, "BIGINT", "number"),
        cell(value, 1, "TIMESTAMP WITH TIME ZONE", "start_at"),
        cell(value, 2, "TIMESTAMP WITH TIME ZONE", "end_at"),
        cell(value, 3, "BIGINT", "start_second"),
        cell(value, 4, "BIGINT", "end_second"),
        cell(value, 5, "DATE", "first_day"),
        cell(value, 6, "DATE", "last_day"),
    ).cte("buckets")


BUCKETS: Final = _buckets()
BUCKET: Final = BUCKETS.c


def _begun(
    keys: list[ColumnElement[Any]],
    starts: ColumnElement[Any],
    ends: ColumnElement[Any],
    edge: ColumnElement[Any],
    *conditions: Condition,
) -> Select[Any]:
    """The first piece of each entry that meets the conditions, from one second to another.

    `edge` is where its bucket ends: what lies beyond is carried on.
    """
    return (
        select(
            BUCKET.number.label("number"),
            starts.label("starts"),
            ends.label("ends"),
            edge.label("edge"),
            ONE.label("begun"),
            *keys,
        )
        .select_from(CrossJoin(BUCKETS, ENTRIES))
        .where(by_user(ENTRIES), *conditions)
    )


def _all_begun(keys: list[ColumnElement[Any]], *filters: ColumnElement[bool]) -> Subquery:
    """The first pieces of all entries: each is in one of these five, and found by an index of its own."""
    day_before = bindparam("day_before", type_=UTCDateTime())
    live = (ENTRY.deleted_at.is_(None), *filters)
    begins, ends, edge = epoch_seconds(ENTRY.started_at), epoch_seconds(ENDED), BUCKET.end_second
    in_a_bucket = (ENTRY.started_at >= BUCKET.start_at, ENTRY.started_at < BUCKET.end_at)
    into_the_first = (keys, BUCKET.start_second, ends, edge, BUCKET.number == ZERO)
    start = BUCKET.start_at
    lately = (ENTRY.started_at >= day_before, ENTRY.started_at < start, ENTRY.ended_at > start)
    long_ago = (LONG, ENTRY.ended_at > start, unindexed(ENTRY.started_at) < day_before)
    running = (*_runs_before(start), start < ENDED)
    on_a_day = (
        ENTRY.entry_date.between(BUCKET.first_day, BUCKET.last_day),
        unindexed(ENTRY.started_at).is_(None),
    )
    return union_all(
        _begun(keys, begins, ends, edge, *in_a_bucket, *live),
        _begun(*into_the_first, *lately, *live),
        _begun(*into_the_first, *long_ago, *live),
        _begun(*into_the_first, *running, *live),
        _begun(keys, ZERO, ENTRY.duration_seconds, NEVER, *on_a_day, *live),
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
    piece = pieces.c
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
    before_the_end = _runs_before(bindparam("end", type_=UTCDateTime()))
    running = select(ENTRY.started_at).where(by_user(ENTRIES), *before_the_end, *filters)
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
    session: AsyncSession,
    user_id: str,
    units: tuple[str, ...],
    filters: tuple[str, ...],
    parameters: dict[str, object],
    known: list[Head],
) -> TimeSums:
    """The person's sums, with the head that they are of."""
    statement = time_statement(tuple(unit for unit in units if unit in KEYS), filters)
    given = {**parameters, "by_user_id": user_id, **known_head(known)}
    row = (await (await session.connection()).execute(statement, given)).one()
    return TimeSums(head_of(row), row.runs_since, SUMS.decode_lines(row.lines or b""))
