"""Purging: what has lain in the trash for long is removed for good, one person at a time.

Each transaction takes the person's turn, reads what is to go, and removes it. The number that it takes
renews the tags of lists; `purged_seq` rises to the greatest number that a removed row bore, so that a reader
of the changes who has not heard of that row is told to start over (DESIGN §2).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Delete,
    Select,
    String,
    Update,
    bindparam,
    delete,
    exists,
    null,
    select,
    text,
    update,
)
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.db.session import Database, reading, writing
from app.core.rows.json_texts import ids_among
from app.core.rows.resources import Resource
from app.core.rows.retries import KEPT_FOR
from app.core.rows.statements import by_row, by_user, new
from app.core.rows.turns import Turn, give_back, take_turn, take_turns

BATCH: Final = 500
"""Rows that go in one transaction: nobody waits long for the turn."""

BEFORE: Final = bindparam("before", type_=UTCDateTime())

RAISE_PURGED: Final = text(
    "UPDATE change_heads SET purged_seq = CASE WHEN purged_seq < :purged THEN :purged ELSE purged_seq END"
    " WHERE change_heads.user_id = :by_user_id"
).bindparams(bindparam("purged", type_=BigInteger()), bindparam("by_user_id", type_=String()))

OLD_KEYS: Final = text(
    "SELECT DISTINCT user_id FROM idempotency_keys WHERE created_at <= :before"
).bindparams(BEFORE)
FORGET_KEYS: Final = text(
    "DELETE FROM idempotency_keys WHERE idempotency_keys.user_id = :by_user_id AND created_at <= :before"
).bindparams(bindparam("by_user_id", type_=String()), BEFORE)


@dataclass(frozen=True)
class Purged:
    """What one transaction removed: of whom, of which table, how many rows."""

    user_id: str
    table: str
    rows: int


async def purge_trash(
    database: Database, resources: Iterable[Resource[Any]], before: datetime
) -> list[Purged]:
    """Removes what was moved to the trash before that moment, of everybody.

    What a live or trashed row still refers to stays, but for references that are released: those rows
    lose the reference, each with a number of its own.
    """
    # What refers to others goes first, so that they are free.
    ordered = sorted(resources, key=lambda resource: -len(resource.references))
    found: list[Purged] = []
    for resource in ordered:
        people = await _people_with_trash(database, resource, before)
        found += [await _purge(database, resource, ordered, user_id, before) for user_id in people]
    return [purged for purged in found if purged.rows]


async def forget_answers(database: Database, now: datetime) -> list[Purged]:
    """Removes the answers that were kept for repeated requests and are kept no more."""
    parameters = {"before": now - KEPT_FOR}
    async with reading(database) as session:
        people = (await (await session.connection()).scalars(OLD_KEYS, parameters)).all()
    found = []
    for user_id in people:
        async with writing(database) as session:
            gone = await (await session.connection()).execute(
                FORGET_KEYS, parameters | {"by_user_id": user_id}
            )
        found.append(Purged(user_id, "idempotency_keys", gone.rowcount))
    return found


async def _people_with_trash(database: Database, resource: Resource[Any], before: datetime) -> list[str]:
    async with reading(database) as session:
        found = await (await session.connection()).scalars(_people(resource), {"before": before})
        return list(found)


async def _purge(
    database: Database,
    resource: Resource[Any],
    resources: list[Resource[Any]],
    user_id: str,
    before: datetime,
) -> Purged:
    """One person's rows of one table, a batch at a time."""
    count = 0
    while True:
        async with writing(database) as session:
            gone = await _purge_batch(session, resource, resources, user_id, before)
        count += gone
        if gone < BATCH:
            return Purged(user_id, resource.table.name, count)


async def _purge_batch(
    session: AsyncSession,
    resource: Resource[Any],
    resources: list[Resource[Any]],
    user_id: str,
    before: datetime,
) -> int:
    turn = await take_turn(session, user_id)
    connection = await session.connection()
    wanted = {"by_user_id": user_id, "before": before, "fetch": BATCH}
    rows = (await connection.execute(_old_rows(resource, tuple(resources)), wanted)).all()
    if not rows:
        await give_back(turn)
        return 0
    keys = [row[0] for row in rows]
    for other, column in _references_to(resource, resources):
        if column in other.released:
            await _release(turn, other, column, keys)
    await connection.execute(_removal(resource), [{"by_user_id": user_id, "by_key": key} for key in keys])
    raised = {"by_user_id": user_id, "purged": max(row[1] for row in rows)}
    await connection.execute(RAISE_PURGED, raised)
    return len(rows)


async def _release(turn: Turn, other: Resource[Any], column: str, keys: list[Any]) -> None:
    """Clears the reference in each row that has it, each with a number of its own."""
    connection = await turn.session.connection()
    wanted = {"by_user_id": turn.user_id, "purged_ids": [str(key) for key in keys]}
    rows = (await connection.scalars(_referring(other, column), wanted)).all()
    if rows:
        first = (await take_turns(turn.session, turn.user_id, len(rows))).seq
        values = [
            {"by_user_id": turn.user_id, "by_key": key, "new_seq": first + place, "new_updated_at": turn.at}
            for place, key in enumerate(rows)
        ]
        await connection.execute(_clearing(other, column), values)


def _references_to(
    resource: Resource[Any], resources: Iterable[Resource[Any]]
) -> Iterator[tuple[Resource[Any], str]]:
    for other in resources:
        yield from ((other, column) for column, target in other.references.items() if target is resource)


@lru_cache(maxsize=64)
def _people(resource: Resource[Any]) -> Select[Any]:
    """Everybody with something old in the trash: the one statement that is not about one person."""
    table = resource.table
    return select(table.c.user_id).where(table.c.deleted_at < BEFORE).distinct().order_by(table.c.user_id)


@lru_cache(maxsize=64)
def _old_rows(resource: Resource[Any], resources: tuple[Resource[Any], ...]) -> Select[Any]:
    """Key and number of a person's old rows that nothing needs, at most `fetch`."""
    table, key = resource.table, resource.table.c[resource.key]
    needed: list[ColumnElement[bool]] = [
        exists().where(by_user(other.table), other.table.c[column] == key)
        for other, column in _references_to(resource, resources)
        if column not in other.released
    ]
    return (
        select(key, table.c.seq)
        .where(by_user(table), table.c.deleted_at < BEFORE, *(~each for each in needed))
        .order_by(key)
        .limit(bindparam("fetch", type_=BigInteger()))
    )


@lru_cache(maxsize=64)
def _referring(other: Resource[Any], column: str) -> Select[Any]:
    table = other.table
    among = ids_among(table.c[column], bindparam("purged_ids", type_=JSON()))
    return select(table.c[other.key]).where(by_user(table), among).order_by(table.c[other.key])


@lru_cache(maxsize=64)
def _clearing(other: Resource[Any], column: str) -> Update:
    table = other.table
    stamp = {name: new(table, name) for name in ("seq", "updated_at")}
    return update(table).values({column: null()} | stamp).where(*by_row(other))


@lru_cache(maxsize=64)
def _removal(resource: Resource[Any]) -> Delete:
    return delete(resource.table).where(*by_row(resource))
