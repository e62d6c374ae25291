"""Rows rendered to JSON by the database itself, the same bytes on both engines.

The service passes these bytes through: no row becomes an object on the way out. They equal what
msgspec makes of the resource's wire struct; a test compares the three.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, Boolean, ColumnElement, DateTime, LargeBinary, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel.sql.sqltypes import UTCDateTime


class json_row(FunctionElement[str]):  # noqa: N801 (a function in SQL)
    """The columns as one JSON object, in their order, named as they are; text."""

    inherit_cache = True
    type = Text()


class json_lines(FunctionElement[bytes]):  # noqa: N801 (a function in SQL)
    """Aggregates JSON texts into one, a line each, as bytes in UTF-8; NULL where there is none.

    JSON text as `json_row` makes it holds no line feed, so a line feed separates.
    """

    inherit_cache = True
    type = LargeBinary()


def _columns(element: FunctionElement[Any]) -> Iterable[ColumnElement[Any]]:
    return element.clauses


def _is_instant(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, UTCDateTime | DateTime)


@compiles(json_row, "postgresql")
def _row_on_postgres(element: json_row, compiler: SQLCompiler, **kw: Any) -> str:
    values = []
    for column in _columns(element):
        sql = compiler.process(column, **kw)
        if _is_instant(column):
            sql = f"""replace(to_char({sql}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', '')"""
        values.append(f"{sql} AS {compiler.preparer.quote(column.key)}")  # type: ignore[arg-type] # named columns
    return f"(SELECT row_to_json(r)::text FROM (SELECT {', '.join(values)}) AS r)"


@compiles(json_row, "sqlite")
def _row_on_sqlite(element: json_row, compiler: SQLCompiler, **kw: Any) -> str:
    pairs = []
    for column in _columns(element):
        sql = compiler.process(column, **kw)
        if _is_instant(column):
            sql = f"replace(replace({sql}, ' ', 'T'), '.000000', '') || 'Z'"
        elif isinstance(column.type, Boolean):
            sql = f"json(iif({sql}, 'true', 'false'))"
        elif isinstance(column.type, JSON):
            sql = f"json({sql})"
        pairs.append(f"'{column.key}', {sql}")
    return f"json_object({', '.join(pairs)})"


@compiles(json_lines, "postgresql")
def _lines_on_postgres(element: json_lines, compiler: SQLCompiler, **kw: Any) -> str:
    return f"convert_to(string_agg({compiler.process(element.clauses, **kw)}, E'\\n'), 'UTF8')"


@compiles(json_lines, "sqlite")
def _lines_on_sqlite(element: json_lines, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(group_concat({compiler.process(element.clauses, **kw)}, char(10)) AS BLOB)"
