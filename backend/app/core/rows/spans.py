"""Stretches of time in SQL: rows from a JSON array, seconds as integers, and who is read first."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Join, TableValuedAlias, literal_column, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement, GenericFunction


class json_rows(GenericFunction[Any]):  # noqa: N801 (a function in SQL)
    """The elements of a JSON array, a row each, as `value`."""

    inherit_cache = True


class json_cell(FunctionElement[Any]):  # noqa: N801 (a function in SQL)
    """One place in a JSON array, as the type that is named in the words of Postgres.

    SQLite keeps it as JSON has it: it compares days as text, and there a CAST would make a number of them.
    """

    inherit_cache = True


class epoch_seconds(FunctionElement[int]):  # noqa: N801 (a function in SQL)
    """An instant as whole seconds since 1970."""

    inherit_cache = True
    type = BigInteger()


class unindexed(FunctionElement[Any]):  # noqa: N801 (a function in SQL)
    """A column as it is, but not to be searched by its index.

    SQLite would rather have two equalities than an equality and a range, however many rows they find. And
    it makes an index of its own for a list only where a column's type does not meddle in the comparison.
    """

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


class CrossJoin(Join):
    """Every row of the left with those of the right; SQLite goes through the left one first."""

    inherit_cache = True

    def __init__(self, left: FromClause, right: FromClause) -> None:
        super().__init__(left, right, true())


def elements_of(array: ColumnElement[Any]) -> TableValuedAlias:
    """The elements of a JSON array as rows with a `value`."""
    return json_rows(array).table_valued("value")


def cell(value: ColumnElement[Any], place: int, type_: str, name: str) -> ColumnElement[Any]:
    """A place in a JSON array as a column."""
    return json_cell(value, literal_column(str(place)), literal_column(type_)).label(name)


@compiles(json_rows, "postgresql")
def _rows_on_postgres(element: json_rows, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_array_elements({compiler.process(element.clauses, **kw)})"


@compiles(json_rows, "sqlite")
def _rows_on_sqlite(element: json_rows, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(json_cell, "postgresql")
def _cell_on_postgres(element: json_cell, compiler: SQLCompiler, **kw: Any) -> str:
    value, place, type_ = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST({value} ->> {place} AS {type_})"


@compiles(json_cell, "sqlite")
def _cell_on_sqlite(element: json_cell, compiler: SQLCompiler, **kw: Any) -> str:
    value, place, _ = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"json_extract({value}, '$[{place}]')"


@compiles(epoch_seconds, "postgresql")
def _epoch_on_postgres(element: epoch_seconds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(extract(epoch FROM ({compiler.process(element.clauses, **kw)})) AS BIGINT)"


@compiles(epoch_seconds, "sqlite")
def _epoch_on_sqlite(element: epoch_seconds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **kw)}) AS INTEGER)"


@compiles(unindexed, "postgresql")
def _unindexed_on_postgres(element: unindexed, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(unindexed, "sqlite")
def _unindexed_on_sqlite(element: unindexed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"+{compiler.process(element.clauses, **kw)}"


@compiles(CrossJoin)
def _cross_join(element: CrossJoin, compiler: SQLCompiler, **kw: Any) -> str:
    kw["asfrom"] = True
    return f"{compiler.process(element.left, **kw)} CROSS JOIN {compiler.process(element.right, **kw)}"
