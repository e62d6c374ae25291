"""Repeated requests: the first answer is kept under the request's Idempotency-Key, and given again.

The session carries the key from the request to the person's turn, which looks it up right after the counter
and the clock, before anything is read that decides: whoever comes second with a key waits there until the
first is through. What is kept is written in the transaction of what the request did, so that there is
neither a deed without its answer nor an answer without its deed. Whatever is not done, keeps nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import JSON, Integer, String, Text, bindparam, text
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.db.session import Session
from app.core.errors import KeyReusedError

KEPT_FOR: Final = timedelta(hours=24)
_RETRY: Final = "retry"
"""Where a session carries the key."""

FIND_ANSWER: Final = (
    text(
        "SELECT fingerprint, status, headers, body FROM idempotency_keys"
        " WHERE idempotency_keys.user_id = :user_id AND key = :key AND created_at > :since"
    )
    .bindparams(
        bindparam("user_id", type_=String()),
        bindparam("key", type_=String()),
        bindparam("since", type_=UTCDateTime()),
    )
    .columns(fingerprint=String(), status=Integer(), headers=JSON(), body=Text())
)

KEEP_ANSWER: Final = text(
    "INSERT INTO idempotency_keys (user_id, key, fingerprint, status, headers, body, created_at)"
    " VALUES (:user_id, :key, :fingerprint, :status, :headers, :body, :created_at)"
    " ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,"
    " status = excluded.status, headers = excluded.headers, body = excluded.body,"
    " created_at = excluded.created_at"
).bindparams(
    bindparam("user_id", type_=String()),
    bindparam("key", type_=String()),
    bindparam("fingerprint", type_=String()),
    bindparam("status", type_=Integer()),
    bindparam("headers", type_=JSON()),
    bindparam("body", type_=Text()),
    bindparam("created_at", type_=UTCDateTime()),
)
"""In the place of an answer that has expired, if there is one: any other would have been given again."""


class Answer(NamedTuple):
    """An answer as it is sent; the body is text."""

    status: int
    headers: dict[str, str]
    body: str


class AnsweredError(Exception):
    """The request was answered before; what it began is rolled back, and its number with it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


@dataclass
class Retry:
    """A request that may be a repeat, by its key; the turn that it took, once it took one."""

    key: str
    fingerprint: str
    user_id: str = ""
    at: datetime | None = None


def carry(session: Session, retry: Retry) -> None:
    """Gives the session the key of its request."""
    session.info[_RETRY] = retry


def let_go(session: Session) -> None:
    """Forgets the key: nothing was done that must not be done again."""
    session.info.pop(_RETRY, None)


async def refuse_repeat(session: Session, user_id: str, at: datetime) -> None:
    """Looks the request's key up, if it bears one, for the person whose turn it is.

    Raises AnsweredError with the answer that is kept, KeyReusedError where that is another request's.
    """
    retry: Retry | None = session.info.get(_RETRY)
    if retry is None:
        return
    retry.user_id, retry.at = user_id, at
    asked = {"user_id": user_id, "key": retry.key, "since": at - KEPT_FOR}
    found = await session.row(FIND_ANSWER, asked)
    if found is None:
        return
    if found.fingerprint != retry.fingerprint:
        raise KeyReusedError("Another request bore this Idempotency-Key; a new one needs a key of its own.")
    raise AnsweredError(Answer(found.status, found.headers, found.body))


async def keep_answer(session: Session, answer: Answer | None) -> None:
    """Keeps the answer of a request that bears a key, took a turn and succeeded."""
    retry: Retry | None = session.info.get(_RETRY)
    if retry is None or retry.at is None or answer is None or not 200 <= answer.status < 300:
        return
    values: dict[str, Any] = {
        "user_id": retry.user_id,
        "key": retry.key,
        "fingerprint": retry.fingerprint,
        "created_at": retry.at,
        **answer._asdict(),
    }
    await session.rows(KEEP_ANSWER, values)
