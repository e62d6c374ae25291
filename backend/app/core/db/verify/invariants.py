"""What holds of the rows themselves, whatever wrote them; told in ids and counts, never in people's text."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    cast,
    exists,
    extract,
    func,
    or_,
    select,
    text,
    union,
    union_all,
)

from app.core.db.rules.constraints import leads_nowhere
from app.core.db.rules.naming import name_of_row, numbered, rows_where
from app.core.db.verify.report import Check, failed, passed
from app.models.time_entry import RUNNING

NAMED: Final = 5
"""How many of what breaks an invariant a line names."""
LONGER: Final = "SET LOCAL statement_timeout = '300s'"
"""Every row is read, though none is locked: on Postgres that may take more than the other checks."""

CORRECT: Final = "find out what wrote them past the constraints, and correct them"
RENUMBER: Final = (
    "restore a backup that passes this check; or, with the service stopped, raise change_heads.seq to each"
    " person's greatest number and give them a new epoch, so that clients read everything again"
)

Broken = Select[Any] | CompoundSelect[Any]


@dataclass(frozen=True, eq=False)
class Invariant:
    """One thing that holds of all rows: `broken` selects those that break it, each by its name, as `row`."""

    name: str
    holds: str
    breaks: str
    mend: str
    broken: Broken


def invariant_checks(invariant: Invariant, connection: Connection) -> Iterator[Check]:
    """Whether it holds; if not, how many break it, and the first of them by name."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(LONGER))
    broken = invariant.broken.subquery()
    count = connection.scalar(select(func.count()).select_from(broken))
    if not count:
        yield passed(invariant.name, invariant.holds)
        return
    named = connection.scalars(select(broken.c.row).order_by(broken.c.row).limit(NAMED)).all()
    more = f", and {count - NAMED} more" if count > NAMED else ""
    yield failed(invariant.name, f"{count} {invariant.breaks}: {', '.join(named)}{more}", invariant.mend)


def foreign_key_checks(metadata: MetaData, connection: Connection) -> Iterator[Check]:
    """What SQLite itself says of references: they are only looked at by connections that ask for it."""
    if connection.dialect.name != "sqlite":
        return
    found = []
    for table in (table for table in metadata.sorted_tables if table.foreign_key_constraints):
        rows = text("SELECT parent, count(*) FROM pragma_foreign_key_check(:name) GROUP BY parent")
        for parent, count in connection.execute(rows, {"name": table.name}):
            found.append(f"{count} of {table.name} name a row of {parent} that is not there")
    if found:
        yield failed("foreign keys", "; ".join(found), CORRECT)
    else:
        yield passed("foreign keys", "foreign_key_check finds nothing amiss")


@lru_cache(maxsize=4)
def invariants(metadata: MetaData) -> tuple[Invariant, ...]:
    """All of them."""
    heads = metadata.tables["change_heads"]
    tables = [table for table in metadata.sorted_tables if "seq" in table.c and table is not heads]
    return (*_of_entries(metadata.tables["time_entries"]), *_of_numbers(heads, tables), *_of_rows(metadata))


def _of_entries(entries: Table) -> Iterator[Invariant]:
    yield Invariant(
        "running timers",
        "each person has one at most",
        "people have more than one; the first of each",
        "stop all but one of each person's: set ended_at and duration_seconds",
        select(func.min(name_of_row(entries)).label("row"))
        .where(RUNNING)
        .group_by(entries.c.user_id)
        .having(func.count() > 1),
    )
    yield Invariant(
        "durations",
        "every interval's duration is its end less its start",
        "have another duration than their end less their start",
        "set duration_seconds to the seconds between started_at and ended_at",
        rows_where(entries, _is_off(entries)),
    )


def _of_numbers(heads: Table, tables: list[Table]) -> Iterator[Invariant]:
    yield Invariant(
        "heads",
        "everybody who has rows has one",
        "people have rows and no head",
        RENUMBER,
        union(*(_headless(table, heads) for table in tables)),
    )
    yield Invariant(
        "numbers",
        "no row's is above its person's head",
        "bear a number above their person's head",
        RENUMBER,
        union_all(*(rows_where(table, _is_above(table, heads)) for table in tables)),
    )
    every = union_all(*(select(table.c.user_id, table.c.seq) for table in tables)).subquery("every")
    yield Invariant(
        "numbers borne once",
        "no two rows of a person's bear the same",
        "numbers are borne by several rows of one person's",
        RENUMBER,
        select(numbered(every.c.seq, every.c.user_id).label("row"))
        .group_by(every.c.user_id, every.c.seq)
        .having(func.count() > 1),
    )


def _of_rows(metadata: MetaData) -> Iterator[Invariant]:
    keys = [(table, key) for table in metadata.sorted_tables for key in table.foreign_key_constraints]
    yield Invariant(
        "references",
        "each names a row of the same person's",
        "name a row that is another person's or nobody's",
        "clear the columns that name nothing of the same person's, or restore what they named",
        union_all(*(rows_where(table, leads_nowhere(key)) for table, key in keys)),
    )
    config = metadata.tables["config"]
    is_null = and_(config.c.key.not_like("app.%"), cast(config.c.value, Text) == "null")
    yield Invariant(
        "settings",
        "no value of a known key is null",
        "have null for a known key",
        "delete them, and their defaults hold again",
        rows_where(config, is_null),
    )


def _is_off(entries: Table) -> ColumnElement[bool]:
    """Where an interval's duration is not the seconds between its ends."""
    seconds = extract("epoch", entries.c.ended_at) - extract("epoch", entries.c.started_at)
    wrong = or_(entries.c.duration_seconds.is_(None), entries.c.duration_seconds != seconds)
    return and_(entries.c.ended_at.is_not(None), wrong)


def _headless(table: Table, heads: Table) -> Select[Any]:
    """The people who have rows here and no head."""
    head = exists().where(heads.c.user_id == table.c.user_id)
    return select(cast(table.c.user_id, Text).label("row")).where(~head)


def _is_above(table: Table, heads: Table) -> ColumnElement[bool]:
    """Where a row's number was never given out."""
    return exists().where(heads.c.user_id == table.c.user_id, heads.c.seq < table.c.seq)
