"""Purging: what has lain in the trash for long is removed for good, one person at a time.

Each transaction takes the person's turn, reads what is to go, and removes it. The number that it takes
renews the tags of lists; `purged_seq` rises to the greatest number that a removed row bore, so that a reader
of the changes who has not heard of that row is told to start over (DESIGN §2).
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from time import monotonic
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
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.db.errors import DATABASE_ERRORS
from app.core.db.session import Database, Session, committed
from app.core.db.transient import is_crowded_out
from app.core.rows.json_texts import among, ids_among
from app.core.rows.resources import Resource
from app.core.rows.retries import KEPT_FOR
from app.core.rows.statements import by_row, by_user, new
from app.core.rows.turns import Turn, give_back, take_turn, take_turns

BATCH: Final = 500
"""Rows that go in one transaction: nobody waits long for the turn."""
TRIES: Final = 3
"""How often a batch may lose against the person's own writes before they are left for the next time."""

ALL: Final = 2**31 - 1
FETCH: Final = bindparam("fetch", type_=BigInteger())
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
    """What was removed: of whom, of which table, how many rows; `is_left` where there may be more."""

    user_id: str
    table: str
    rows: int
    is_left: bool = False


async def purge_trash(
    database: Database, resources: Iterable[Resource[Any]], before: datetime
) -> list[Purged]:
    """Removes what was moved to the trash before that moment, of everybody.

    What a live or trashed row still refers to stays, but for references that are released: those rows
    lose the reference, each with a number of its own. Who holds their turn for long is left for the next
    time: nobody else's trash waits for that.
    """
    # What refers to others goes first, so that they are free.
    ordered = sorted(resources, key=lambda resource: -len(resource.references))
    found: list[Purged] = []
    for resource in ordered:
        people = await _people_with_trash(database, resource, before)
        found += [await _purge(database, resource, ordered, user_id, before) for user_id in people]
    return [purged for purged in found if purged.rows or purged.is_left]


async def forget_answers(database: Database, now: datetime) -> list[Purged]:
    """Removes the answers that were kept for repeated requests and are kept no more."""
    parameters = {"before": now - KEPT_FOR}
    async with database.session(read_only=True) as session:
        people = (await (await session.connection()).scalars(OLD_KEYS, parameters)).all()
    return [await _forget(database, user_id, parameters) for user_id in people]


async def _forget(database: Database, user_id: str, parameters: dict[str, Any]) -> Purged:
    """One person's answers, of which there are those of a day or two."""
    values = parameters | {"by_user_id": user_id}
    try:
        async with committed(database) as session:
            gone = await (await session.connection()).execute(FORGET_KEYS, values)
    except DATABASE_ERRORS as error:
        if not is_crowded_out(error):
            raise
        return Purged(user_id, "idempotency_keys", 0, is_left=True)
    return Purged(user_id, "idempotency_keys", gone.rowcount)


async def _people_with_trash(database: Database, resource: Resource[Any], before: datetime) -> list[str]:
    async with database.session(read_only=True) as session:
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
    count = lost = 0
    while lost < TRIES:
        began = monotonic()
        try:
            async with committed(database) as session:
                gone, is_all = await _purge_batch(session, resource, resources, user_id, before)
            count += gone
            if is_all:
                return Purged(user_id, resource.table.name, count)
        except DATABASE_ERRORS as error:
            if not is_crowded_out(error):
                raise
            lost += 1
        # As long as the batch took: SQLite's writers don't queue, and would hardly ever meet a gap.
        await asyncio.sleep(monotonic() - began)
    return Purged(user_id, resource.table.name, count, is_left=True)


async def _purge_batch(
    session: Session,
    resource: Resource[Any],
    resources: list[Resource[Any]],
    user_id: str,
    before: datetime,
) -> tuple[int, bool]:
    """How many rows went, and whether they were all that were to go."""
    turn = await take_turn(session, user_id)
    connection = await session.connection()
    wanted = {"by_user_id": user_id, "before": before, "fetch": BATCH}
    found = (await connection.execute(_old_rows(resource, tuple(resources)), wanted)).all()
    if not found:
        await give_back(turn)
        return 0, True
    released = [pair for pair in _references_to(resource, resources) if pair[1] in pair[0].released]
    rows = found
    for other, column in released:
        rows = await _few_enough(turn, other, column, rows)
    keys = [row[0] for row in rows]
    for other, column in released:
        await _release(turn, other, column, keys)
    doomed = {"by_user_id": user_id, "purged_keys": [str(key) for key in keys]}
    await connection.execute(_removal(resource), doomed)
    raised = {"by_user_id": user_id, "purged": max(row[1] for row in rows)}
    await connection.execute(RAISE_PURGED, raised)
    return len(rows), len(rows) == len(found) < BATCH


async def _few_enough(turn: Turn, other: Resource[Any], column: str, rows: Sequence[Any]) -> Sequence[Any]:
    """The first of the rows, so that no more than a batch of others refer to them; one row at least."""
    while (
        len(rows) > 1
        and len(await _referring_to(turn, other, column, [row[0] for row in rows], BATCH + 1)) > BATCH
    ):
        rows = rows[: len(rows) // 2]
    return rows


async def _release(turn: Turn, other: Resource[Any], column: str, keys: list[Any]) -> None:
    """Clears the reference in each row that has it, each with a number of its own."""
    rows = await _referring_to(turn, other, column, keys, ALL)
    if rows:
        first = (await take_turns(turn.session, turn.user_id, len(rows))).seq
        values = [
            {"by_user_id": turn.user_id, "by_key": key, "new_seq": first + place, "new_updated_at": turn.at}
            for place, key in enumerate(rows)
        ]
        await (await turn.session.connection()).execute(_clearing(other, column), values)


async def _referring_to(
    turn: Turn, other: Resource[Any], column: str, keys: Sequence[Any], fetch: int
) -> Sequence[Any]:
    """The keys of the rows that refer to any of these, at most `fetch`."""
    wanted = {"by_user_id": turn.user_id, "purged_ids": [str(key) for key in keys], "fetch": fetch}
    found = await (await turn.session.connection()).scalars(_referring(other, column), wanted)
    return found.all()


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
        .limit(FETCH)
    )


@lru_cache(maxsize=64)
def _referring(other: Resource[Any], column: str) -> Select[Any]:
    table = other.table
    among = ids_among(table.c[column], bindparam("purged_ids", type_=JSON()))
    found = select(table.c[other.key]).where(by_user(table), among).order_by(table.c[other.key])
    return found.limit(FETCH)


@lru_cache(maxsize=64)
def _clearing(other: Resource[Any], column: str) -> Update:
    table = other.table
    stamp = {name: new(table, name) for name in ("seq", "updated_at")}
    return update(table).values({column: null()} | stamp).where(*by_row(other))


@lru_cache(maxsize=64)
def _removal(resource: Resource[Any]) -> Delete:
    """All at once: a statement a row took ten times as long, and the person waits meanwhile."""
    key, keys = resource.table.c[resource.key], bindparam("purged_keys", type_=JSON())
    is_one = ids_among(key, keys) if resource.key == "id" else among(key, keys)
    return delete(resource.table).where(by_user(resource.table), is_one)
