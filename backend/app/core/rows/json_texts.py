"""Lists of text kept as JSON, looked into by the database."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, TableValuedAlias, cast, exists, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class json_texts(GenericFunction[Any]):  # noqa: N801 (a function in SQL)
    """The texts of a JSON array, a row each."""

    inherit_cache = True


@compiles(json_texts, "postgresql")
def _on_postgres(element: json_texts, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_array_elements_text({compiler.process(element.clauses, **kw)})"


@compiles(json_texts, "sqlite")
def _on_sqlite(element: json_texts, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


def among(column: ColumnElement[str], texts: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the column is one of the texts in a JSON array."""
    return column.in_(select(_rows(texts).c.value))


def ids_among(column: ColumnElement[UUID], ids: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the column is one of the ids in a JSON array of text."""
    return column.in_(select(cast(_rows(ids).c.value, column.type)))


def has_any(texts: ColumnElement[Any], wanted: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the two JSON arrays of text have one in common."""
    mine = _rows(texts)
    return exists().where(mine.c.value.in_(select(_rows(wanted).c.value)))


def has_all(texts: ColumnElement[Any], wanted: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether every text of `wanted` is in `texts`; both JSON arrays."""
    sought = _rows(wanted)
    return ~exists().where(sought.c.value.not_in(select(_rows(texts).c.value)))


def _rows(texts: ColumnElement[Any]) -> TableValuedAlias:
    return json_texts(texts).table_valued("value")
