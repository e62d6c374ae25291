"""A request that failed by chance is run again, from its body, before anything was answered.

By chance: the database gave it up for the sake of another (a serialization failure, a deadlock, SQLite's
busy), or the connection was lost. Its transaction is rolled back then, so running it again is what its client
would have to do. Not so where a connection is lost during the COMMIT: nobody knows whether it took place.
Then a request that only reads is run again, and one with an Idempotency-Key, which finds the answer that was
kept if it did. The rest is answered with a 503, and is the client's to decide.

What is slow is not run again: three times the wait of a statement that timed out, or for a pool that is full,
would make an overload worse. For the same reason no run begins late.

The edge runs the request, the exception handler asks here whether another run follows, and what it answers
then goes nowhere.
"""

import asyncio
import random
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final, cast

from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Message, Receive, Send

from app.core.db.transient import is_transient
from app.core.http.allow import SAFE_METHODS
from app.core.http.idempotency import HEADER

PAUSES: Final = (0.02, 0.06, 0.18)
"""Seconds before each further run, more or less a half: two who met must not meet again."""
LATEST_SECONDS: Final = 2.0
"""After the first run began, no other begins."""
_LATEST: Final = "again_until"
_WANTED: Final = "again"
_COMMITTING: Final = "committing"


async def run_again(app: ASGIApp, scope: HTTPScope, receive: Receive, send: Send) -> None:
    """Runs the request until it is answered by something other than chance, at most four times in all."""
    tape = Tape(receive, send)
    latest = monotonic() + LATEST_SECONDS
    for pause in PAUSES:
        state = {**scope["state"], _LATEST: latest}
        await app(cast(HTTPScope, {**scope, "state": state}), tape.receive, tape.sender(state))
        if not state.get(_WANTED):
            return
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 (spreads runs, keeps no secret)
        tape.rewind()
    await app(cast(HTTPScope, {**scope, "state": {**scope["state"]}}), tape.receive, send)


def note_commit(scope: Mapping[str, Any]) -> None:
    """From here on, a connection that is lost leaves it open whether the request's writes took place."""
    scope["state"][_COMMITTING] = True


def follows(scope: Mapping[str, Any], error: Exception) -> bool:
    """Whether another run follows this one, which the error ended; its answer goes nowhere then."""
    state = scope["state"]
    if monotonic() >= state.get(_LATEST, 0):
        return False
    in_doubt = state.get(_COMMITTING, False) and not _may_be_repeated(scope)
    state[_WANTED] = is_transient(error, committing=in_doubt)
    return bool(state[_WANTED])


def _may_be_repeated(scope: Mapping[str, Any]) -> bool:
    if scope["method"] in SAFE_METHODS:
        return True
    return scope["method"] == "POST" and any(name == HEADER.encode() for name, _ in scope["headers"])


class Tape:
    """What the client said of the body, for the runs after; forgotten once an answer begins."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.outer_receive = receive
        self.outer_send = send
        self.said: list[HTTPReceiveMessage] = []
        self.position = 0
        self.is_over = False

    def rewind(self) -> None:
        """Begin again."""
        self.position = 0

    async def receive(self) -> HTTPReceiveMessage:
        """What the client says next, or has said."""
        if self.position < len(self.said):
            self.position += 1
            return self.said[self.position - 1]
        message = cast(HTTPReceiveMessage, await self.outer_receive())
        if message["type"] == "http.request" and not self.is_over:
            self.said.append(message)
            self.position += 1
        return message

    def sender(self, state: dict[str, Any]) -> Send:
        """Passes on what one run says, unless another follows it."""

        async def send(message: Message) -> None:
            if state.get(_WANTED):
                return
            if not self.is_over:
                self.is_over, state[_LATEST] = True, 0
                self.said, self.position = [], 0
            await self.outer_send(message)

        return send
