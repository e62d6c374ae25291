"""Turns: one person's writes, one after the other, each with the next number."""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import BigInteger, String, bindparam, text
from sqlmodel.ext.asyncio.session import AsyncSession

EPOCH_BYTES: Final = 6

TAKE_NUMBERS = text(
    "INSERT INTO change_heads (user_id, epoch, seq, purged_seq) VALUES (:user_id, :epoch, :count, 0)"
    " ON CONFLICT (user_id) DO UPDATE SET seq = change_heads.seq + excluded.seq"
    " RETURNING epoch, seq"
).bindparams(
    bindparam("user_id", type_=String()),
    bindparam("epoch", type_=String()),
    bindparam("count", type_=BigInteger()),
)

GIVE_BACK_NUMBER = text(
    "UPDATE change_heads SET seq = seq - 1 WHERE change_heads.user_id = :user_id AND seq = :seq"
).bindparams(bindparam("user_id", type_=String()), bindparam("seq", type_=BigInteger()))


@dataclass(frozen=True)
class Turn:
    """One person's turn to write: nobody else changes their rows until it is committed or rolled back.

    `seq` is the number taken, `at` the moment, read from the clock after the number.
    """

    session: AsyncSession
    user_id: str
    epoch: str
    seq: int
    at: datetime


async def take_turn(session: AsyncSession, user_id: str) -> Turn:
    """Takes the next number of this person's, waiting for whoever holds the turn."""
    parameters = {"user_id": user_id, "epoch": secrets.token_hex(EPOCH_BYTES), "count": 1}
    connection = await session.connection()
    epoch, seq = (await connection.execute(TAKE_NUMBERS, parameters)).one()
    return Turn(session, user_id, epoch, seq, datetime.now(UTC))


async def next_turn(turn: Turn) -> Turn:
    """The same turn with the number after, for a second change at the same moment."""
    return replace(await take_turn(turn.session, turn.user_id), at=turn.at)


async def give_back(turn: Turn) -> None:
    """Returns the number, which no row bears; what the transaction did before stays."""
    connection = await turn.session.connection()
    await connection.execute(GIVE_BACK_NUMBER, {"user_id": turn.user_id, "seq": turn.seq})
