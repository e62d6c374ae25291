"""Who waits for whose changes in this process, and what wakes them.

A wake is a hint and may come for nothing: who is woken reads.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from hashlib import sha256
from typing import Final

from app.core.errors import UnavailableError
from app.core.http.etags import Head

EVERYBODY: Final = "*"
"""Stands for all digests at once."""
TURN_SECONDS: Final = 20.0
"""The longest wait for one's turn to read: a thousand readers are through in a fraction of it."""


def digest_of(user_id: str) -> str:
    """What stands for a person among processes: their id is nobody's business."""
    return sha256(user_id.encode()).hexdigest()[:16]


class Waiter:
    """One who waits for a person's next change; `head` is the last state that they have seen.

    `is_over` says that there is no more to wait for: the client left, or the service stops.
    """

    def __init__(self, user_id: str, is_over: bool = False) -> None:
        self.user_id = user_id
        self.head: Head | None = None
        self.is_over = is_over
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Ends the wait."""
        self._woken.set()

    def give_up(self) -> None:
        """Ends the wait for good."""
        self.is_over = True
        self.wake()

    def heed(self) -> None:
        """Takes note of what has woken so far: to be done before reading, or a wake would be lost."""
        self._woken.clear()

    async def wait(self, seconds: float) -> bool:
        """Waits, no longer than that. Returns whether there is something to look at."""
        if not self.is_over:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
        return self.is_over or self._woken.is_set()


class Wakes:
    """Those who wait, by person. `reads_at_once` bounds how many of the woken read at a time.

    `hears` says whether writes of other processes are heard of; `tell` is told of those of this one.
    `is_needed` is set once somebody has waited or written here. `count` rises with every wake, of whomever.
    """

    def __init__(self, reads_at_once: int = 1) -> None:
        self._reads = asyncio.Semaphore(reads_at_once)
        self.hears = False
        self.is_needed = asyncio.Event()
        self.count = 0
        self.tell: Callable[[str], None] | None = None
        self._is_stopping = False
        self._waiters: dict[str, set[Waiter]] = {}

    @contextmanager
    def waiting(self, user_id: str) -> Iterator[Waiter]:
        """A waiter for the person's changes, from now until the block ends."""
        self.is_needed.set()
        digest, waiter = digest_of(user_id), Waiter(user_id, self._is_stopping)
        self._waiters.setdefault(digest, set()).add(waiter)
        try:
            yield waiter
        finally:
            others = self._waiters[digest]
            others.discard(waiter)
            if not others:
                del self._waiters[digest]

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn to read, one after the other: a wake for many, or a thousand who come back at once, must
        not take the connections of those who ask for something else. Raises UnavailableError.
        """
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._reads.acquire()
        except TimeoutError:
            raise UnavailableError("Too many wait for changes now. Try again.") from None
        try:
            yield
        finally:
            self._reads.release()

    def wrote(self, user_id: str) -> None:
        """This process has committed a change of the person's: wakes those here, and tells elsewhere."""
        self.is_needed.set()
        digest = digest_of(user_id)
        self.wake(digest)
        if self.tell:
            self.tell(digest)

    def wake(self, digest: str) -> None:
        """Wakes those who wait for this person's changes; everybody for EVERYBODY."""
        self.count += 1
        if digest == EVERYBODY:
            for waiter in self.all():
                waiter.wake()
        else:
            for waiter in self._waiters.get(digest, ()):
                waiter.wake()

    def all(self) -> list[Waiter]:
        """Those who wait now, person by person."""
        return [waiter for waiters in self._waiters.values() for waiter in waiters]

    def stop(self) -> None:
        """Ends every wait, and those to come: the service stops."""
        self._is_stopping = True
        for waiter in self.all():
            waiter.give_up()
