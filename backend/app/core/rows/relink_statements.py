"""The statements that move one person's rows to another name; each binds both people, or the one it is about.

Parameters: `old_user_id` and `new_user_id`; `first` is the first of the numbers that the rows take.
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Delete,
    Insert,
    MetaData,
    Select,
    String,
    Subquery,
    Table,
    Update,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.sql.expression import FromClause

from app.core.rows.statements import HEADS

OLD: Final = bindparam("old_user_id", type_=String())
NEW: Final = bindparam("new_user_id", type_=String())
FIRST: Final = bindparam("first", type_=BigInteger())

RENEW: Final[Update] = (
    update(HEADS).where(HEADS.c.user_id == NEW).values(epoch=bindparam("new_epoch", type_=String()))
)
"""Gives the new name another epoch: whoever read it before reads everything again (DESIGN §2)."""


def of(person: ColumnElement[str], table: FromClause) -> ColumnElement[bool]:
    """The rows of one of the two."""
    return table.c.user_id == person


def owned_tables(metadata: MetaData) -> list[Table]:
    """The tables of people's rows, but for the counters; what others refer to comes first."""
    return [table for table in metadata.sorted_tables if "user_id" in table.c and table is not HEADS]


def key_of(table: Table) -> ColumnElement[Any]:
    """The column that names a row among a person's."""
    [key] = [column for column in table.primary_key if column.name != "user_id"]
    return key


@lru_cache(maxsize=8)
def count_statement(metadata: MetaData) -> Select[Any]:
    """One row: how many rows the old name has in each table, by the table's name; and `numbers`, how many
    numbers they bear, and `theirs`, whether the new name has any row.
    """
    tables = owned_tables(metadata)
    counts = (
        select(func.count()).select_from(table).where(of(OLD, table)).scalar_subquery().label(table.name)
        for table in tables
    )
    bearing = [exists().where(of(NEW, table)) for table in tables if "seq" in table.c]
    numbers = select(func.count()).select_from(_numbers(metadata)).scalar_subquery()
    return select(*counts, numbers.label("numbers"), or_(*bearing).label("theirs"))


@lru_cache(maxsize=64)
def move_statement(metadata: MetaData, table: Table) -> Insert:
    """Copies the old name's rows of a table to the new one, with the next numbers in the order of the old.

    What has no number and is there already (an answer kept under the same key), and a setting that both
    have, is left: `conflicts` has seen to it that the settings say the same.
    """
    names = [column.name for column in table.c]
    values: dict[str, ColumnElement[Any]] = {name: table.c[name] for name in names}
    values["user_id"] = NEW
    source: FromClause = table
    if "seq" in table.c:
        places = _places(metadata)
        source = table.join(places, places.c.seq == table.c.seq)
        values["seq"] = FIRST - literal(1, BigInteger()) + places.c.place
    rows = select(*(values[name].label(name) for name in names)).select_from(source).where(of(OLD, table))
    if "id" not in table.c:
        theirs = table.alias("theirs")
        rows = rows.where(~exists().where(of(NEW, theirs), theirs.c[key_of(table).name] == key_of(table)))
    return insert(table).from_select(names, rows, include_defaults=False)


@lru_cache(maxsize=64)
def room_statement(table: Table) -> Delete:
    """Removes the new name's trashed rows whose key a live row of the old one has: settings, say."""
    theirs = table.alias("theirs")
    live = exists().where(
        of(OLD, theirs), theirs.c[key_of(table).name] == key_of(table), theirs.c.deleted_at.is_(None)
    )
    return delete(table).where(of(NEW, table), table.c.deleted_at.is_not(None), live)


@lru_cache(maxsize=64)
def removal_statement(table: Table) -> Delete:
    """Removes the old name's rows of a table."""
    return delete(table).where(of(OLD, table))


def _numbers(metadata: MetaData) -> Subquery:
    """The numbers that the old name's rows bear, each once."""
    every: CompoundSelect[Any] = union(
        *(select(table.c.seq).where(of(OLD, table)) for table in owned_tables(metadata) if "seq" in table.c)
    )
    return every.subquery("numbers")


def _places(metadata: MetaData) -> CTE:
    """Each of these numbers, `seq`, and its `place` among them: from 1, without a gap."""
    numbers = _numbers(metadata)
    place = func.row_number().over(order_by=numbers.c.seq).label("place")
    return select(numbers.c.seq, place).cte("places")
