"""What an engine would refuse of a table's rows, asked of the engine that has them, by queries."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Index,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    UniqueConstraint,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from app.core.db.copying.forms import TOO_LONG, faults_of
from app.core.db.verify.broken_rows import leads_nowhere, name_of_row

Rule = tuple[str, ColumnElement[bool]]
"""What is wrong with a row, in words that follow its name, and where it is."""


def rules_of(table: Table, dialect: str) -> list[Rule]:
    """All that can be wrong with a row by itself, or with what it refers to."""
    return [*_of_columns(table, dialect), *_of_checks(table), *_of_references(table)]


def offenders(table: Table, rules: list[Rule]) -> Select[*tuple[Any, ...]]:
    """The rows with which something is wrong: each one's name, then for each rule whether it is broken."""
    broken = [condition.label(f"rule_{index}") for index, (_, condition) in enumerate(rules)]
    return select(name_of(table), *broken).where(or_(*(condition for _, condition in rules)))


def repeats(table: Table) -> Iterator[tuple[str, Select[Any]]]:
    """For each key that may stand but once: what is wrong, and the names of all rows but the first."""
    for columns, where in _unique_keys(table):
        order = list(table.primary_key.columns)
        number = func.row_number().over(partition_by=columns, order_by=order).label("number")
        present = [column.is_not(None) for column in columns if column.nullable]
        rows = select(name_of(table).label("row"), number).where(where, *present).subquery()
        names = ", ".join(column.name for column in columns)
        yield f"has the same {names} as another row", select(rows.c.row).where(rows.c.number > 1)


def name_of(table: Table) -> ColumnElement[str]:
    """As `name_of_row`, also where that would be NULL, and where a row has neither id nor number."""
    plain = name_of_row(table) if {"id", "seq"} & {*table.c.keys()} else _of_person(table)
    return func.coalesce(plain, f"{table.name} without a key")


def _of_person(table: Table) -> ColumnElement[str]:
    return literal(f"{table.name} of ", Text) + cast(table.c.user_id, Text)


def _of_columns(table: Table, dialect: str) -> Iterator[Rule]:
    for column in table.columns:
        name = f'{table.name}."{column.name}"'
        for what, fault in faults_of(column, dialect):
            if what != TOO_LONG or not _is_checked(column):
                yield f"{column.name} {what}", _truth(fault.format(name))


def _is_checked(column: Column[Any]) -> bool:
    """Whether a CHECK has something to say of the column's length already."""
    checks = (check for check in column.table.constraints if isinstance(check, CheckConstraint))
    return any(f"length({column.name})" in str(check.sqltext) for check in checks)


def _of_checks(table: Table) -> Iterator[Rule]:
    for check in table.constraints:
        if isinstance(check, CheckConstraint):
            name = str(check.name).removeprefix(f"ck_{table.name}_")
            yield f"breaks the rule {name}", _truth(f"NOT ({check.sqltext})")


def _of_references(table: Table) -> Iterator[Rule]:
    for key in table.foreign_key_constraints:
        names = " and ".join(column.name for column in key.columns)
        yield f"{names} name no row of {key.referred_table.name}", leads_nowhere(key)


def _unique_keys(table: Table) -> Iterator[tuple[list[Column[Any]], ColumnElement[bool]]]:
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            yield list(constraint.columns), true()
    for index in table.indexes:
        if index.unique:
            yield list(index.columns), _rows_of(index)


def _rows_of(index: Index) -> ColumnElement[bool]:
    """The rows that an index is of: all, or those of its WHERE."""
    where = index.dialect_options["sqlite"]["where"]
    return true() if where is None else where


def _truth(sql: str) -> ColumnElement[bool]:
    return literal_column(f"({sql})", Boolean)
