"""What the models' columns and constraints ask of each row, on an engine that may have been told not to."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Select,
    Table,
    UniqueConstraint,
    and_,
    exists,
    func,
    literal_column,
    select,
    true,
)

from app.core.db.rules.forms import TOO_LONG, faults_of
from app.core.db.rules.naming import name_of_row


class Rule(NamedTuple):
    """What every row keeps: its name, what is wrong in words that follow a row's name, and where that is."""

    name: str
    what: str
    broken: ColumnElement[bool]


def rules_of(table: Table, dialect: str) -> list[Rule]:
    """All that can be wrong with a row by itself, as the engine that has it stores it."""
    return [*_of_columns(table, dialect), *_of_checks(table)]


def references_of(table: Table) -> Iterator[Rule]:
    """All that can be wrong with what a row refers to."""
    for key in table.foreign_key_constraints:
        names = " and ".join(column.name for column in key.columns)
        yield Rule(str(key.name), f"{names} name no row of {key.referred_table.name}", leads_nowhere(key))


def leads_nowhere(key: ForeignKeyConstraint) -> ColumnElement[bool]:
    """Where a reference names no row of the same person's."""
    named = exists().where(*(element.column == element.parent for element in key.elements))
    return and_(*(element.parent.is_not(None) for element in key.elements), ~named)


def repeats(table: Table) -> Iterator[tuple[str, Select[Any]]]:
    """For each key that may stand but once: what is wrong, and the names of all rows but the first."""
    for columns, where in _unique_keys(table):
        order = list(table.primary_key.columns)
        number = func.row_number().over(partition_by=columns, order_by=order).label("number")
        present = [column.is_not(None) for column in columns if column.nullable]
        rows = select(name_of_row(table).label("row"), number).where(where, *present).subquery()
        names = ", ".join(column.name for column in columns)
        yield f"has the same {names} as another row", select(rows.c.row).where(rows.c.number > 1)


def _of_columns(table: Table, dialect: str) -> Iterator[Rule]:
    for column in table.columns:
        name = f'{table.name}."{column.name}"'
        for what, fault in faults_of(column, dialect):
            if what != TOO_LONG or not _is_checked(column):
                yield Rule(column.name, f"{column.name} {what}", _truth(fault.format(name)))


def _is_checked(column: Column[Any]) -> bool:
    """Whether a CHECK has something to say of the column's length already."""
    checks = (check for check in column.table.constraints if isinstance(check, CheckConstraint))
    return any(f"length({column.name})" in str(check.sqltext) for check in checks)


def _of_checks(table: Table) -> Iterator[Rule]:
    for check in table.constraints:
        if isinstance(check, CheckConstraint):
            name = str(check.name).removeprefix(f"ck_{table.name}_")
            yield Rule(name, f"breaks the rule {name}", _truth(f"NOT ({check.sqltext})"))


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
