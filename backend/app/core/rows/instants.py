"""Instants and days in one order, by the database."""

from datetime import UTC, date, datetime, time
from typing import Any, Final

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel.sql.sqltypes import UTCDateTime

BEFORE_ALL: Final = datetime(1960, 1, 1, tzinfo=UTC)
AFTER_ALL: Final = datetime(9999, 6, 1, tzinfo=UTC)
"""Beyond every instant and every day of a row, for where lists begin."""


def midnight(day: date) -> datetime:
    """The start of a day in UTC."""
    return datetime.combine(day, time.min, UTC)


class instant_or_day(FunctionElement[datetime]):  # noqa: N801 (a function in SQL)
    """The instant, or where it is NULL the start of the day in UTC, or NULL."""

    inherit_cache = True
    type = UTCDateTime()


@compiles(instant_or_day, "postgresql")
def _on_postgres(element: instant_or_day, compiler: SQLCompiler, **kw: Any) -> str:
    instant, day = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"coalesce({instant}, timezone('UTC', CAST({day} AS TIMESTAMP)))"


@compiles(instant_or_day, "sqlite")
def _on_sqlite(element: instant_or_day, compiler: SQLCompiler, **kw: Any) -> str:
    instant, day = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"coalesce({instant}, {day} || ' 00:00:00.000000')"
