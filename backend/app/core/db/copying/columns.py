"""What a column's values look like between two databases: the same from both engines."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Column

from app.core.db.rules.kinds import kind_of

Value = str | int | bool | None
"""An instant is `2026-05-01T09:00:00.000000Z`, a day `2026-05-01`, an id dashed, JSON its very text."""

# What lies beyond has no four digits for a year: it stays in the engine's own words, which no reader takes.
_IN_POSTGRES: Final = {
    "instant": (
        "CASE WHEN {0} BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'"
        " THEN to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        " ELSE CAST({0} AS TEXT) END"
    ),
    "day": (
        "CASE WHEN {0} BETWEEN '0001-01-01' AND '9999-12-31'"
        " THEN to_char({0}, 'YYYY-MM-DD') ELSE CAST({0} AS TEXT) END"
    ),
    "id": "CAST({0} AS TEXT)",
    "json": "CAST({0} AS TEXT)",
}
_IN_SQLITE: Final = {
    "instant": (
        "CASE WHEN {0} GLOB '?????????? ???????????????' THEN replace({0}, ' ', 'T') || 'Z' ELSE {0} END"
    )
}
_INTO_SQLITE: Final = {"instant": "replace(rtrim(?, 'Z'), 'T', ' ')"}
_TRUTHS: Final = {0: False, 1: True}


def selected(column: Column[Any], dialect: str) -> str:
    """The SQL that reads a column's values as they are between databases; see `after_reading`."""
    name = f'"{column.name}"'
    return (_IN_SQLITE if dialect == "sqlite" else _IN_POSTGRES).get(kind_of(column), "{0}").format(name)


def placed(column: Column[Any]) -> str:
    """The SQL that stores such a value on SQLite; Postgres gets COPY, which takes no SQL."""
    return _INTO_SQLITE.get(kind_of(column), "?")


def after_reading(column: Column[Any], dialect: str) -> Callable[[Any], Value] | None:
    """What is left to do to what the driver gave; None where nothing is, as for nearly all."""
    return _truth if dialect == "sqlite" and kind_of(column) == "bool" else None


def before_copying(column: Column[Any]) -> Callable[[Any], Any] | None:
    """What makes of such a value what COPY takes; None where it is that. It raises ValueError, TypeError."""
    return {"instant": _instant, "day": _day}.get(kind_of(column))


def _truth(value: Any) -> Any:
    return _TRUTHS.get(value, value)


def _instant(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
