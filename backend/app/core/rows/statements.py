"""The statements of every resource, each built once and kept.

Parameters: `by_user_id` and `by_key` say whose row and which; `new_<column>` what to set; `at` the
moment of the write. Every statement binds the person for every table it touches.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Row,
    Select,
    String,
    Table,
    Update,
    bindparam,
    case,
    exists,
    insert,
    null,
    select,
    update,
)
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.http.etags import Head
from app.core.rows.resources import Resource
from app.models.base import table_of
from app.models.change_head import ChangeHead

HEADS: Table = table_of(ChangeHead)
AT = bindparam("at", type_=UTCDateTime())


def by_user(table: Table) -> ColumnElement[bool]:
    """The table's rows of the one person whom the statement is about."""
    return table.c.user_id == bindparam("by_user_id", type_=table.c.user_id.type)


def by_row(resource: Resource[Any]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The one row, by the whole primary key."""
    key = resource.table.c[resource.key]
    return by_user(resource.table), key == bindparam("by_key", type_=key.type)


def new(table: Table, name: str, place: str = "") -> ColumnElement[Any]:
    """The parameter that carries a column's new value."""
    return bindparam(f"new_{name}{place}", type_=table.c[name].type)


def head_columns() -> Iterable[ColumnElement[Any]]:
    """The person's head as two columns, epoch and seq; NULL where they have never written."""
    for column in (HEADS.c.epoch, HEADS.c.seq):
        yield select(column).where(by_user(HEADS)).scalar_subquery().label(column.name)


def unless_known(value: Select[Any]) -> ColumnElement[Any]:
    """The value, or NULL where the head is the one in the parameters of `known_head`.

    Both engines run a branch of CASE only when they get there. As a condition of the rows themselves
    this would not do: SQLite tests it row by row.
    """
    known = exists().where(
        by_user(HEADS),
        HEADS.c.epoch == bindparam("known_epoch", type_=String()),
        HEADS.c.seq == bindparam("known_seq", type_=HEADS.c.seq.type),
    )
    return case((~known, value.scalar_subquery()))


def known_head(heads: list[Head]) -> dict[str, object]:
    """The parameters of `unless_known`: the first of the heads that the asker's copies are of, if any."""
    return {
        "known_epoch": heads[0].epoch if heads else None,
        "known_seq": heads[0].seq if heads else None,
    }


def head_of(row: Row[Any]) -> Head:
    """The head in a row that has the `head_columns`."""
    return Head() if row.epoch is None else Head(row.epoch, row.seq)


@lru_cache(maxsize=64)
def read_statement(resource: Resource[Any]) -> Select[Any]:
    """One live row: epoch, seq, JSON."""
    table = resource.table
    return (
        select(HEADS.c.epoch, table.c.seq, resource.row)
        .select_from(table.join(HEADS, HEADS.c.user_id == table.c.user_id))
        .where(*by_row(resource), by_user(HEADS), table.c.deleted_at.is_(None))
    )


@lru_cache(maxsize=64)
def state_statement(resource: Resource[Any]) -> Select[Any]:
    """One row, live or in the trash: seq, whether it is trashed, JSON."""
    table = resource.table
    return select(table.c.seq, table.c.deleted_at.is_not(None), resource.row).where(*by_row(resource))


@lru_cache(maxsize=64)
def insert_statement(resource: Resource[Any], names: tuple[str, ...]) -> Insert:
    """INSERT of these columns and of what follows from them; returns the JSON."""
    return insert(resource.table).values(_new_row(resource, names)).returning(resource.row)


@lru_cache(maxsize=64)
def insert_many_statement(resource: Resource[Any], names: tuple[str, ...], count: int) -> Insert:
    """INSERT of so many rows; returns the JSON and the key of each.

    The parameters are those of one row with `_<place>` after each name.
    """
    rows = [_new_row(resource, names, f"_{place}") for place in range(count)]
    return insert(resource.table).values(rows).returning(resource.row, resource.table.c[resource.key])


def _new_row(resource: Resource[Any], names: tuple[str, ...], place: str = "") -> dict[str, Any]:
    values = {name: new(resource.table, name, place) for name in names}
    at = bindparam(f"at{place}", type_=AT.type)
    derived = {
        column: derive(values[name], null(), at)
        for name, (column, derive) in resource.derived.items()
        if name in names
    }
    return {**values, **derived}


@lru_cache(maxsize=1024)
def update_statement(
    resource: Resource[Any], names: tuple[str, ...], guarded: bool, empty: tuple[str, ...]
) -> Update:
    """UPDATE of these columns of one live row, and of what follows from them; returns the JSON.

    Guarded, the row must bear the number `expected`; the columns in `empty` must be NULL.
    """
    table = resource.table
    values = {name: new(table, name) for name in names}
    for name, (column, derive) in resource.derived.items():
        if name in names:
            values[column] = derive(new(table, name), table.c[column], AT)
    statement = update(table).values(values).where(*by_row(resource), table.c.deleted_at.is_(None))
    if guarded:
        statement = statement.where(table.c.seq == bindparam("expected", type_=table.c.seq.type))
    return statement.where(*(table.c[name].is_(None) for name in empty)).returning(resource.row)


@lru_cache(maxsize=64)
def restore_statement(resource: Resource[Any]) -> Update:
    """UPDATE that takes one row out of the trash; returns the JSON."""
    table = resource.table
    values = {"deleted_at": null(), "seq": new(table, "seq"), "updated_at": new(table, "updated_at")}
    statement = update(table).values(values).where(*by_row(resource), table.c.deleted_at.is_not(None))
    return statement.returning(resource.row)
