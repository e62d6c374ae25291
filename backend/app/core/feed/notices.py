"""Wakes across processes: LISTEN and NOTIFY on one direct connection of each process to Postgres.

A write itself notifies nobody: that would cost it a round trip, and at commit a lock that the whole
server has but once. Whose rows were written is collected, and told a moment later in one statement.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any, Final

import asyncpg

from app.core.config import Settings
from app.core.db.errors import name_of
from app.core.db.postgres import connect_args
from app.core.db.url import DatabaseUrl
from app.core.feed.wakes import EVERYBODY, Wakes

CHANNEL: Final = "daybook_changes"
TELL: Final = "SELECT pg_notify($1, $2)"
BATCH_SECONDS: Final = 0.03
BATCH_MAX: Final = 400
"""Digests in one notice: 17 bytes each, of the 8000 that Postgres takes (the manual, NOTIFY)."""
UNTOLD_MAX: Final = 10_000
"""Beyond that many people everybody is woken instead."""
PING_SECONDS: Final = 20.0
ANSWER_SECONDS: Final = 5.0
PAUSE_SECONDS_MAX: Final = 30.0

log = logging.getLogger(__name__)


class Outbox:
    """Whose rows were written here and not yet told of; bounded, whatever becomes of the connection."""

    def __init__(self) -> None:
        self._digests: dict[str, None] = {}
        self._filled = asyncio.Event()

    def put(self, digest: str) -> None:
        """Add a person; who is in it already stays where they are."""
        if len(self._digests) >= UNTOLD_MAX:
            self._digests = {EVERYBODY: None}
        self._digests[digest] = None
        self._filled.set()

    def stir(self) -> None:
        """Let whoever waits for it look up."""
        self._filled.set()

    async def take(self, seconds: float) -> list[str]:
        """What is to be told next; empty after so many seconds without any, or when stirred."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._filled.wait()
                await asyncio.sleep(BATCH_SECONDS)
        batch = list(self._digests)[:BATCH_MAX]
        self._digests = dict.fromkeys(list(self._digests)[BATCH_MAX:])
        if not self._digests:
            self._filled.clear()
        return batch


class Notices:
    """Tells other processes of the writes of this one, and wakes those here whose rows others wrote."""

    def __init__(self, arguments: dict[str, Any], wakes: Wakes) -> None:
        self._arguments = arguments
        self._wakes = wakes
        self._outbox = Outbox()
        self._failures = 0
        wakes.tell = self._outbox.put

    async def run(self) -> None:
        """Keeps the connection, once it is of use; while it is lost, who waits is woken by polling."""
        await self._wakes.is_needed.wait()
        while True:
            try:
                await self._serve()
            except Exception as error:  # whatever it is: these are hints, and polling is relied on
                if not self._failures:
                    cause = {"cause": name_of(error)}
                    log.warning("other processes' changes are not heard of; polling instead", extra=cause)
            finally:
                self._wakes.hears = False
            await asyncio.sleep(min(PAUSE_SECONDS_MAX, 0.5 * 2 ** min(self._failures, 10)))
            self._failures += 1

    async def _serve(self) -> None:
        connection = await asyncpg.connect(**self._arguments)
        try:
            connection.add_termination_listener(lambda _: self._outbox.stir())
            await connection.add_listener(CHANNEL, self._hear)
            if self._failures:
                log.info("other processes' changes are heard of again")
            self._failures = 0
            self._wakes.hears = True
            self._wakes.wake(EVERYBODY)  # nobody knows what was missed meanwhile
            while True:
                await self._tell(connection, await self._outbox.take(PING_SECONDS))
        finally:
            connection.terminate()

    async def _tell(self, connection: Any, batch: list[str]) -> None:
        """Tells of these people; of nobody, to see whether the connection still answers."""
        try:
            await connection.execute(TELL, CHANNEL, ",".join(batch), timeout=ANSWER_SECONDS)
        except BaseException:
            for digest in batch:
                self._outbox.put(digest)
            raise

    def _hear(self, connection: Any, pid: int, _: str, payload: object) -> None:
        if pid != connection.get_server_pid():
            for digest in str(payload).split(","):
                self._wakes.wake(digest)


def arguments_for(url: DatabaseUrl, settings: Settings) -> dict[str, Any] | None:
    """What asyncpg's connect takes for a direct connection; None where there is none to be had.

    Behind a pooler in transaction mode LISTEN reaches a connection that is somebody else's a moment later.
    """
    if url.dialect != "postgresql" or url.is_pooled:
        return None
    place = url.url.translate_connect_args(username="user")
    given = connect_args(url, settings)
    given.pop("prepared_statement_cache_size", None)  # SQLAlchemy's own, not asyncpg's
    return {**place, **given}
