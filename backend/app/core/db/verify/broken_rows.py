"""The rows that break an invariant: expressions over the models' tables, the same for both engines."""

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Select,
    Table,
    Text,
    and_,
    cast,
    exists,
    extract,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class is_json(FunctionElement[bool]):  # noqa: N801 (a function in SQL)
    """Whether a column of JSON holds JSON: of Postgres's type it can't hold anything else."""

    inherit_cache = True


@compiles(is_json, "postgresql")
def _on_postgres(element: is_json, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} IS NOT NULL)"


@compiles(is_json, "sqlite")
def _on_sqlite(element: is_json, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_valid({compiler.process(element.clauses, **kw)})"


def rows_where(table: Table, condition: ColumnElement[bool]) -> Select[Any]:
    """The rows of a table that meet the condition, each by its name."""
    return select(name_of_row(table).label("row")).where(condition)


def name_of_row(table: Table) -> ColumnElement[str]:
    """The row as an operator finds it: a setting has no id, and its key is its person's own text."""
    if "id" in table.c:
        return literal(f"{table.name} ", Text) + cast(table.c.id, Text)
    if "seq" in table.c:
        return literal(f"{table.name} ", Text) + numbered(table.c.seq, table.c.user_id)
    return literal(f"{table.name} of ", Text) + cast(table.c.user_id, Text)


def numbered(seq: ColumnElement[Any], user_id: ColumnElement[Any]) -> ColumnElement[str]:
    """A number of a person's."""
    return literal("number ", Text) + cast(seq, Text) + literal(" of ", Text) + cast(user_id, Text)


def unchecked(table: Table, name: str) -> ColumnElement[bool]:
    """Where one of the table's CHECKs does not hold."""
    [check] = [
        constraint
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint) and constraint.name == f"ck_{table.name}_{name}"
    ]
    return literal_column(f"NOT ({check.sqltext})", Boolean)


def is_off(entries: Table) -> ColumnElement[bool]:
    """Where an interval's duration is not the seconds between its ends."""
    seconds = extract("epoch", entries.c.ended_at) - extract("epoch", entries.c.started_at)
    wrong = or_(entries.c.duration_seconds.is_(None), entries.c.duration_seconds != seconds)
    return and_(entries.c.ended_at.is_not(None), wrong)


def headless(table: Table, heads: Table) -> Select[Any]:
    """The people who have rows here and no head."""
    head = exists().where(heads.c.user_id == table.c.user_id)
    return select(cast(table.c.user_id, Text).label("row")).where(~head)


def is_above(table: Table, heads: Table) -> ColumnElement[bool]:
    """Where a row's number was never given out."""
    return exists().where(heads.c.user_id == table.c.user_id, heads.c.seq < table.c.seq)


def leads_nowhere(key: ForeignKeyConstraint) -> ColumnElement[bool]:
    """Where a reference names no row of the same person's."""
    named = exists().where(*(element.column == element.parent for element in key.elements))
    return and_(*(element.parent.is_not(None) for element in key.elements), ~named)
