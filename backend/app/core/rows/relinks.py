"""Relinking: all that is one person's becomes another `sub`'s, when an issuer changed what it calls them.

Keys never change in place: the rows are inserted under the new name, parents first, and then deleted under
the old one, children first, in one transaction that has both people's turns (DESIGN §2, §7).

The counter of the old name goes with the rows. Who still reads under it is told to start over, as a head
that is not there has another epoch than any cursor; and whoever writes under it begins a new life with an
epoch of its own, so that no number of before is taken for one of then. Answers that are kept for repeated
requests move, too: who repeats a request under the new name must not do twice what the old one did.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import MetaData, delete, text
from sqlalchemy.exc import IntegrityError

from app.core.db.errors import DATABASE_ERRORS, name_of
from app.core.db.session import Database, Session, committed
from app.core.db.transient import is_crowded_out
from app.core.feed.notices import CHANNEL
from app.core.feed.wakes import digest_of
from app.core.operating import FailedError, Progress, RefusedError, silent
from app.core.rows.relink_conflicts import conflicts
from app.core.rows.relink_statements import (
    OLD,
    RENEW,
    count_statement,
    move_statement,
    of,
    owned_tables,
    removal_statement,
    room_statement,
)
from app.core.rows.statements import HEADS
from app.core.rows.turns import EPOCH_BYTES, take_turn, take_turns

TRIES: Final = 5
"""How often the two turns are asked for, where other people's writes leave no gap."""
PAUSE_SECONDS: Final = 0.5
TELL: Final = text("SELECT pg_notify(:channel, :digests)")


@dataclass(frozen=True)
class Relink:
    """What is to be moved, or was: how many rows of each table, and what stands in the way.

    `numbers` is how many numbers they take; `merges` says that the new name has rows of its own. With
    conflicts nothing is moved.
    """

    rows: dict[str, int]
    numbers: int
    merges: bool = False
    conflicts: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All rows that are the person's own."""
        return sum(self.rows.values())


async def plan_relink(database: Database, metadata: MetaData, old: str, new: str, *, merge: bool) -> Relink:
    """What `relink` would do, as things are now; nothing is changed. Raises RefusedError."""
    async with database.session(read_only=True) as session:
        return await _look(session, metadata, _people(old, new), merge=merge)


async def relink(
    database: Database,
    metadata: MetaData,
    old: str,
    new: str,
    *,
    merge: bool = False,
    progress: Progress = silent,
) -> Relink:
    """Moves every row of `old` to `new`; none where there are conflicts. Raises RefusedError, FailedError.

    Without `merge`, `new` must have no row. Writes of either wait meanwhile; on SQLite everybody's do.
    """
    for attempt in range(1, TRIES + 1):
        try:
            async with committed(database) as session:
                return await _relink(session, metadata, _people(old, new), merge=merge, progress=progress)
        except _ConflictsError as found:
            return found.relink
        except IntegrityError as error:
            raise FailedError(
                f"a row breaks a constraint ({name_of(error)}): verify_db names it. Nothing was changed"
            ) from None
        except DATABASE_ERRORS as error:
            if not is_crowded_out(error):
                raise
            progress(f"others are writing; tried {attempt} of {TRIES} times")
            await asyncio.sleep(PAUSE_SECONDS)
    raise FailedError("others were writing all the time. Nothing was changed; run it again")


class _ConflictsError(Exception):
    """Rolls back: the two have what can't be one person's."""

    def __init__(self, relink: Relink) -> None:
        super().__init__("conflicts")
        self.relink = relink


async def _relink(
    session: Session, metadata: MetaData, people: dict[str, str], *, merge: bool, progress: Progress
) -> Relink:
    first = await _take_both(session, people)
    found = await _look(session, metadata, people, merge=merge)
    if found.conflicts:
        raise _ConflictsError(found)
    if found.numbers > 1:
        await take_turns(session, people["new_user_id"], found.numbers - 1)
    await _move(session, metadata, {**people, "first": first}, found.rows, progress)
    connection = await session.connection()
    await connection.execute(delete(HEADS).where(of(OLD, HEADS)), {"old_user_id": people["old_user_id"]})
    renewed = {"new_user_id": people["new_user_id"], "new_epoch": secrets.token_hex(EPOCH_BYTES)}
    await connection.execute(RENEW, renewed)
    await _tell(session, people)
    return found


async def _take_both(session: Session, people: dict[str, str]) -> int:
    """Takes a number of each, in the order of their names: two who do so never wait for each other.

    Returns that of the new name.
    """
    taken = {user_id: (await take_turn(session, user_id)).seq for user_id in sorted(people.values())}
    return taken[people["new_user_id"]]


async def _look(session: Session, metadata: MetaData, people: dict[str, str], *, merge: bool) -> Relink:
    """What there is to move, and what stands in the way. Raises RefusedError."""
    connection = await session.connection()
    counted: dict[str, Any] = dict(
        (await connection.execute(count_statement(metadata), people)).one()._mapping
    )
    numbers, theirs = counted.pop("numbers"), counted.pop("theirs")
    if not numbers:
        raise RefusedError(f"{people['old_user_id']} has no rows here.")
    if theirs and not merge:
        raise RefusedError(
            f"{people['new_user_id']} has rows of their own: with --merge both become one person's."
        )
    in_the_way = await conflicts(session, metadata, people) if theirs else []
    return Relink(counted, numbers, theirs, in_the_way)


async def _move(
    session: Session,
    metadata: MetaData,
    parameters: dict[str, Any],
    rows: dict[str, int],
    progress: Progress,
) -> None:
    connection = await session.connection()
    tables = [table for table in owned_tables(metadata) if rows[table.name]]
    people = {name: value for name, value in parameters.items() if name != "first"}
    for table in tables:
        progress(f"{table.name}: {rows[table.name]} rows are copied")
        if "deleted_at" in table.c and "id" not in table.c:
            await connection.execute(room_statement(table), people)
        numbered = "seq" in table.c
        await connection.execute(move_statement(metadata, table), parameters if numbered else people)
    for table in reversed(tables):
        progress(f"{table.name}: {rows[table.name]} rows are removed under the old name")
        await connection.execute(removal_statement(table), {"old_user_id": people["old_user_id"]})


async def _tell(session: Session, people: dict[str, str]) -> None:
    """Wakes those who wait for changes of either, at the commit; on SQLite they look by themselves."""
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        digests = ",".join(map(digest_of, people.values()))
        await connection.execute(TELL, {"channel": CHANNEL, "digests": digests})


def _people(old: str, new: str) -> dict[str, str]:
    return {"old_user_id": old, "new_user_id": new}
