"""What a row is called when an operator is told of it: by its key, never by its person's text."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Text, cast, func, literal, select


def name_of_row(table: Table) -> ColumnElement[str]:
    """The row as an operator finds it: a setting has no id, and its key is its person's own text."""
    return func.coalesce(_name(table), f"{table.name} without a key")


def numbered(seq: ColumnElement[Any], user_id: ColumnElement[Any]) -> ColumnElement[str]:
    """A number of a person's."""
    return literal("number ", Text) + cast(seq, Text) + literal(" of ", Text) + cast(user_id, Text)


def rows_where(table: Table, condition: ColumnElement[bool]) -> Select[Any]:
    """The rows of a table that meet the condition, each by its name."""
    return select(name_of_row(table).label("row")).where(condition)


def _name(table: Table) -> ColumnElement[str]:
    if "id" in table.c:
        return literal(f"{table.name} ", Text) + cast(table.c.id, Text)
    if "seq" in table.c:
        return literal(f"{table.name} ", Text) + numbered(table.c.seq, table.c.user_id)
    return literal(f"{table.name} of ", Text) + cast(table.c.user_id, Text)
