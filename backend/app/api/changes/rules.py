"""How the feed is followed: which types there are, where a cursor stands, and how long to wait."""

import logging
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final, Self

import msgspec
from litestar.types import Receive

from app.api.changes.queries import Resources, read_changes
from app.core.db.errors import DATABASE_ERRORS, name_of, problem_of
from app.core.db.session import Database
from app.core.errors import Fault, GoneError, InvalidError, UnavailableError
from app.core.feed.cursors import FeedCursor, first_floor, refuse_gone
from app.core.feed.wakes import Waiter, Wakes
from app.core.http.etags import Head
from app.core.http.events import KEEP_ALIVE, KEEP_ALIVE_SECONDS, RETRY, event, place
from app.core.http.leaving import watched

STREAM_LIMIT: Final = 100
"""Changes that a stream holds at a time: the next are read once these are taken."""

log = logging.getLogger(__name__)


class _Seq(msgspec.Struct):
    seq: int


class _Numbered(msgspec.Struct):
    row: _Seq


@dataclass(frozen=True)
class Feed:
    """One person's changes of some kinds of rows, and what wakes those who wait for them."""

    database: Database
    wakes: Wakes
    resources: Resources
    user_id: str

    def of(self, types: list[str]) -> Self:
        """The feed of these types alone; as it is where none is named. Raises InvalidError for others."""
        names = [resource.table.name for resource in self.resources]
        faults = tuple(
            Fault(f"/types/{place}", "invalid", f"Expected one of {', '.join(names)}")
            for place, type_ in enumerate(types)
            if type_ not in names
        )
        if faults:
            raise InvalidError("The query string has an invalid value.", errors=faults)
        chosen = tuple(each for each in self.resources if not types or each.table.name in types)
        return replace(self, resources=chosen)


@dataclass(frozen=True)
class Stretch:
    """A stretch of the changes: those between two cursors, and the head as it was.

    `wakes` is how often anybody had been woken before it was read.
    """

    items: list[bytes]
    before: FeedCursor
    next: FeedCursor
    more: bool
    head: Head
    wakes: int

    @property
    def body(self) -> bytes:
        """The stretch as JSON."""
        more = b"true" if self.more else b"false"
        return b'{"items":[%b],"next":"%b","more":%b}' % (
            b",".join(self.items),
            str(self.next).encode(),
            more,
        )

    @property
    def events(self) -> bytes:
        """The stretch as events, each with the cursor after it; empty where nothing moved."""
        if not self.items:
            return place(self.next) if self.next != self.before else b""
        return b"".join(event("change", item, id_) for item, id_ in zip(self.items, self._ids(), strict=True))

    def _ids(self) -> Iterator[FeedCursor]:
        for item in self.items[:-1]:
            yield self.next._replace(seq=seq_of(item), floor=self.before.floor)
        yield self.next


def seq_of(item: bytes) -> int:
    """The number of a change."""
    return msgspec.json.decode(item, type=_Numbered).row.seq


async def read(feed: Feed, cursor: FeedCursor, limit: int) -> Stretch:
    """At most `limit` changes after the cursor. Raises GoneError where it is overtaken."""
    wakes = feed.wakes.count
    async with feed.database.session(read_only=True) as session:
        found = await read_changes(session, feed.user_id, feed.resources, cursor.seq, limit + 1)
    refuse_gone(cursor, found.head, found.purged_seq)
    before = cursor._replace(floor=first_floor(cursor, found.purged_seq))
    if more := len(found.items) > limit:
        items = found.items[:limit]
        after = FeedCursor(found.head.epoch, seq_of(items[-1]), before.floor)
    else:
        items = found.items
        after = FeedCursor(*found.head, found.purged_seq)
    return Stretch(items, before, after, more, found.head, wakes)


async def read_or_wait(
    feed: Feed, cursor: FeedCursor, limit: int, seconds: float, receive: Receive
) -> Stretch:
    """As `read`; where there is nothing, waits up to so many seconds until there is: without a connection."""
    deadline = monotonic() + seconds
    with feed.wakes.waiting(feed.user_id) as waiter:
        stretch = await read(feed, cursor, limit)
        if stretch.items or seconds <= 0:
            return stretch
        async with watched(receive, waiter.give_up):
            while not stretch.items and (left := deadline - monotonic()) > 0:
                waiter.head = stretch.head
                await waiter.wait(left)
                if waiter.is_over:
                    break
                stretch = await _read_woken(feed, stretch.next, limit, waiter)
        return stretch


async def begin(feed: Feed, cursor: FeedCursor) -> Stretch:
    """As `read`, for a stream: in turn with the others."""
    async with feed.wakes.turn():
        return await read(feed, cursor, STREAM_LIMIT)


async def follow(feed: Feed, first: Stretch, seconds: float, receive: Receive) -> AsyncGenerator[bytes, None]:
    """The changes as events, `first` first, then what comes, for so many seconds.

    Ends when the client leaves, when the service stops, when the cursor is overtaken (with the event
    `gone`), and when the database does not answer: the client calls again, and misses nothing.
    """
    deadline = monotonic() + seconds
    with feed.wakes.waiting(feed.user_id) as waiter:
        waiter.head = first.head
        if feed.wakes.count != first.wakes:
            waiter.wake()  # it may have been for this one, who was not waiting yet
        async with watched(receive, waiter.give_up):
            yield RETRY + first.events
            try:
                async for part in _coming(feed, first, deadline, waiter):
                    yield part
            except GoneError as error:
                yield event("gone", msgspec.json.encode({"code": error.code, "detail": error.detail}), "")
            except UnavailableError:
                return
            except DATABASE_ERRORS as error:
                if problem_of(error) is None:
                    raise
                log.warning("a stream ends: database unavailable", extra={"cause": name_of(error)})


async def _coming(
    feed: Feed, stretch: Stretch, deadline: float, waiter: Waiter
) -> AsyncGenerator[bytes, None]:
    """What comes after the stretch, and in silence a sign of life."""
    while True:
        while not stretch.more and (left := deadline - monotonic()) > 0:
            if await waiter.wait(min(KEEP_ALIVE_SECONDS, left)):
                break
            yield KEEP_ALIVE
        if waiter.is_over or monotonic() >= deadline:
            return
        stretch = await _read_woken(feed, stretch.next, STREAM_LIMIT, waiter)
        if events := stretch.events:
            yield events


async def _read_woken(feed: Feed, cursor: FeedCursor, limit: int, waiter: Waiter) -> Stretch:
    """As `read`, in turn with the others."""
    waiter.heed()
    async with feed.wakes.turn():
        stretch = await read(feed, cursor, limit)
    waiter.head = stretch.head
    return stretch
