"""What two people have in each other's way: what cannot become one person's rows as it is."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Index, MetaData, Select, Table, Text, bindparam, cast, exists, select

from app.core.db.session import Session
from app.core.rows.relink_statements import NEW, OLD, key_of, of, owned_tables

SHOWN: Final = 50
"""How many conflicts of one kind are told of; there may be as many as rows."""
_FETCH: Final = bindparam("fetch", type_=BigInteger())


async def conflicts(session: Session, metadata: MetaData, people: dict[str, str]) -> list[str]:
    """A line for each conflict, the first few of each kind. `people` binds both."""
    connection = await session.connection()
    found: list[str] = []
    for what, statement in _statements(metadata):
        rows = (await connection.scalars(statement, {**people, "fetch": SHOWN + 1})).all()
        found += [what.format(row) for row in rows[:SHOWN]]
        if len(rows) > SHOWN:
            found.append(what.format(f"… (more than {SHOWN}: not all are listed)"))
    return found


@lru_cache(maxsize=8)
def _statements(metadata: MetaData) -> tuple[tuple[str, Select[Any]], ...]:
    return tuple(each for table in owned_tables(metadata) for each in _of_table(table))


def _of_table(table: Table) -> Iterator[tuple[str, Select[Any]]]:
    if "id" in table.c:
        yield f"{table.name}: both have the id {{}}", _same_key(table)
    elif "value" in table.c:
        yield f"{table.name}: both have {{}}, with different values", _other_value(table)
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if index.unique:
            names = [column.name for column in index.columns if column.name != "user_id"]
            what = f"the {names[0]} {{}}" if names else "a row, of which one person may have one only: {}"
            yield f"{table.name}: both have {what}", _same_of_index(table, index, names)


def _same_key(table: Table) -> Select[Any]:
    key, theirs = key_of(table), table.alias("theirs")
    both = exists().where(of(NEW, theirs), theirs.c[key.name] == key)
    return select(key).where(of(OLD, table), both).order_by(key).limit(_FETCH)


def _other_value(table: Table) -> Select[Any]:
    """Settings that are live here and there, and say different things: as text, to the letter."""
    key, theirs = key_of(table), table.alias("theirs")
    other = exists().where(
        of(NEW, theirs),
        theirs.c[key.name] == key,
        theirs.c.deleted_at.is_(None),
        cast(theirs.c.value, Text) != cast(table.c.value, Text),
    )
    return select(key).where(of(OLD, table), table.c.deleted_at.is_(None), other).order_by(key).limit(_FETCH)


def _same_of_index(table: Table, index: Index, names: list[str]) -> Select[Any]:
    """What both have in a unique index, under its condition: of the old name's rows."""
    condition: Any = index.dialect_options["sqlite"]["where"]
    key = key_of(table)
    conditions = () if condition is None else (condition,)
    told = table.c[names[0]] if names else key
    hers = select(*(table.c[name] for name in names), key).where(of(NEW, table), *conditions).subquery("hers")
    matches = [table.c[name] == hers.c[name] for name in names]
    both = exists(select(hers.c[key.name]).where(*matches).correlate(table))
    return select(told).where(of(OLD, table), *conditions, both).order_by(told).limit(_FETCH)
