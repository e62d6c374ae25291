"""Turns: one person's writes, one after the other, each with the next number."""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import BigInteger, String, bindparam, text

from app.core.db.session import Session
from app.core.rows.retries import let_go, refuse_repeat

EPOCH_BYTES: Final = 6
_WRITTEN: Final = "written"
"""Where a session's `info` names the people whose turns it took."""

TAKE_NUMBERS = text(
    "INSERT INTO change_heads (user_id, epoch, seq, purged_seq) VALUES (:user_id, :epoch, :count, 0)"
    " ON CONFLICT (user_id) DO UPDATE SET seq = change_heads.seq + excluded.seq"
    " RETURNING epoch, seq"
).bindparams(
    bindparam("user_id", type_=String()),
    bindparam("epoch", type_=String()),
    bindparam("count", type_=BigInteger()),
)

GIVE_BACK_NUMBERS = text(
    "UPDATE change_heads SET seq = seq - :count WHERE change_heads.user_id = :user_id AND seq = :seq"
).bindparams(
    bindparam("user_id", type_=String()),
    bindparam("seq", type_=BigInteger()),
    bindparam("count", type_=BigInteger()),
)


@dataclass(frozen=True)
class Turn:
    """One person's turn to write: nobody else changes their rows until it is committed or rolled back.

    `seq` is the number taken, `at` the moment, read from the clock after the number. `spared` is there
    where numbers were taken for several changes: the number, once a change did without it.
    """

    session: Session
    user_id: str
    epoch: str
    seq: int
    at: datetime
    spared: list[int] | None = None


async def take_turn(session: Session, user_id: str) -> Turn:
    """Takes the next number of this person's, waiting for whoever holds the turn.

    Raises AnsweredError or KeyReusedError for a request whose Idempotency-Key was seen before.
    """
    return replace(await take_turns(session, user_id, 1), spared=None)


async def take_turns(session: Session, user_id: str, count: int) -> Turn:
    """As `take_turn`, with numbers for `count` changes; `following` hands them out."""
    epoch, last = await _take_numbers(session, user_id, count)
    turn = Turn(session, user_id, epoch, last - count + 1, datetime.now(UTC), [])
    await refuse_repeat(session, user_id, turn.at)
    return turn


async def next_turn(turn: Turn) -> Turn:
    """The same turn with the number after, for a second change at the same moment."""
    _, seq = await _take_numbers(turn.session, turn.user_id, 1)
    return replace(turn, seq=seq)


def following(turn: Turn) -> Turn:
    """The turn of the change after, by a number of those that were taken together."""
    return replace(turn, seq=turn.seq if turn.spared else turn.seq + 1, spared=[])


async def give_back(turn: Turn) -> None:
    """Returns the number, which no row bears; what the transaction did before stays."""
    if turn.spared is None:
        await give_back_from(turn, turn.seq)
    else:
        turn.spared.append(turn.seq)


async def give_back_from(turn: Turn, last: int) -> None:
    """Returns the turn's number and those after it, up to the last that was taken."""
    if (count := last - turn.seq + 1) > 0:
        values = {"user_id": turn.user_id, "seq": last, "count": count}
        await turn.session.rows(GIVE_BACK_NUMBERS, values)


async def undo_turns(session: Session) -> None:
    """Leaves nothing of what was done in the session's turns, nor keeps the answer: it was a question."""
    await session.rollback()
    let_go(session)
    session.info.pop(_WRITTEN, None)


def written_by(session: Session) -> frozenset[str]:
    """The people whose rows the session's transaction may have changed."""
    return frozenset(session.info.get(_WRITTEN, ()))


async def _take_numbers(session: Session, user_id: str, count: int) -> tuple[str, int]:
    """The epoch, and the last of the numbers taken."""
    parameters = {"user_id": user_id, "epoch": secrets.token_hex(EPOCH_BYTES), "count": count}
    epoch, seq = await session.row(TAKE_NUMBERS, parameters)
    session.info.setdefault(_WRITTEN, set()).add(user_id)
    return epoch, seq
