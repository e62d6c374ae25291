"""A connection to SQLite on which a statement always ends: by itself, by time, or by cancellation."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from math import inf
from typing import Any, Final, NamedTuple

import aiosqlite

from app.core.db.sqlite_cursor import Cursor

TAKE_LOCK: Final = "BEGIN IMMEDIATE"
"""How a transaction begins that may write."""
BUSY_SECONDS_MAX: Final = 5.0
JOURNAL_BYTES_MAX: Final = 64 * 1024 * 1024
CACHE_KIBIBYTES: Final = 8 * 1024
"""Of pages, for each connection: with SQLite's own 2 MiB a list reads its pages from the file each time."""
ELSEWHERE_SECONDS: Final = 1.0
"""So long a statement that took too long for the event loop is not tried there again."""

Identity = tuple[int, int]
"""Which file it is, whatever its name: its device, and its number there."""


class Bounds(NamedTuple):
    """How long a statement may take, how long of that it may wait for others' locks (both in seconds), and
    after how many of SQLite's instructions the clock is looked at: one can search through a long text, or
    wait for a disk.
    """

    seconds: float
    busy_seconds: float
    instructions: int


HERE: Final = Bounds(seconds=0.003, busy_seconds=0, instructions=250)
"""For what reads in the event loop, which it keeps from all else."""


class Connection(aiosqlite.Connection):
    """aiosqlite's connection, with a deadline for every statement and cancellation that waits.

    Abandoned in mid-statement, a connection keeps the database's write lock: everybody else finds it
    locked, even after garbage collection. So a cancelled task interrupts its statement and waits for
    the thread to be through with it before the cancellation goes on its way.

    Going to the thread and back costs more than most statements. A connection that only reads tries them
    where it is asked, in the event loop: for a moment, and without waiting for a lock. One that holds the
    write lock has nothing to wait for before its COMMIT, and runs its statements there too, in the first
    moment of its transaction.
    """

    def __init__(
        self,
        database: str,
        *,
        timeout_seconds: float,
        read_only: bool = False,
        identity: Identity | None = None,
    ) -> None:
        super().__init__(partial(self._open, database), iter_chunk_size=64)
        self.identity = identity
        self._read_only = read_only
        self._there = Bounds(timeout_seconds, min(timeout_seconds, BUSY_SECONDS_MAX), 1_000)
        self._holding = Bounds(timeout_seconds, 0, self._there.instructions)
        self._bounds = self._there
        # A thread that waits for a lock must not keep the process from ending.
        self._thread.daemon = True
        self._deadline = inf
        self._elsewhere_until: dict[str, float] = {}
        self._is_abandoned = False
        self._locked_at = -inf
        self.begins_with: str | None = None
        """What to run before the next statement."""

    def cursor(self) -> Cursor:  # type: ignore[override] # for SQLAlchemy, which asks less of it
        """A cursor of one trip a statement."""
        return Cursor(self._conn, self._execute, self._begin)

    async def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        """Run a statement; all rows that it gives."""
        run = partial(self._fetch, sql, parameters)
        rows = self._fetch_here(sql, run) if self._may_run_here(sql) else None
        if rows is None:
            rows = await self._execute(run)
        return rows

    async def rollback(self) -> None:
        """Roll back, if there is anything to: the pool asks at every return, to be sure."""
        self.begins_with = None
        if self.in_transaction:
            await super().rollback()

    def _may_run_here(self, sql: str) -> bool:
        """Whether the event loop may run it: nothing to wait for, and no sign that it takes long."""
        now = time.monotonic()
        if self._is_abandoned or now < self._elsewhere_until.get(sql, now):
            return False
        if self._read_only:
            return not (self.begins_with or self.in_transaction)
        if self.begins_with == TAKE_LOCK:
            with suppress(sqlite3.Error):  # the thread waits for it, or says what is wrong
                self._bounded(self._holding, self._begin)
        has_lock = self.in_transaction and not self.begins_with
        return has_lock and now < self._locked_at + HERE.seconds

    def _fetch_here(self, sql: str, run: Callable[[], list[Any]]) -> list[Any] | None:
        """The rows, or None where the thread has to look: it takes time, waits, and says what is wrong.

        What writes is not interrupted, which would undo the whole transaction.
        """
        if not (self._read_only or sql.startswith("SELECT")):
            rows: list[Any] = self._bounded(self._holding, run)
            return rows
        try:
            rows = self._bounded(HERE, run)
        except sqlite3.Error:
            self._elsewhere_until[sql] = time.monotonic() + ELSEWHERE_SECONDS
            return None
        return rows

    def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        self._begin()
        with closing(self._conn.cursor()) as cursor:
            return cursor.execute(sql, parameters).fetchall()

    def _begin(self) -> None:
        """Runs what a transaction begins with, where one is to begin."""
        if self.begins_with:
            self._conn.execute(self.begins_with).close()
            self._locked_at = time.monotonic() if self.begins_with == TAKE_LOCK else -inf
            self.begins_with = None

    async def abandon(self) -> None:
        """Move what the log holds into the file, whatever its name is now, and have no more to do with it.

        A transaction that is open is rolled back, and who has it is told so at the next statement.
        """
        self._is_abandoned = True  # from here on the thread alone has to do with it
        with suppress(sqlite3.Error, ValueError):
            await self._execute(self._leave)

    def _leave(self) -> None:
        try:
            self._conn.rollback()
            self._conn.execute(_busy(0)).close()
            self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        finally:
            self._conn.close()

    def _open(self, database: str) -> sqlite3.Connection:
        # Whoever has the connection uses it in one thread at a time.
        connection = sqlite3.connect(database, isolation_level=None, uri=True, check_same_thread=False)
        try:
            for pragma in _pragmas(self._there.busy_seconds, self._read_only):
                connection.execute(pragma).close()
            connection.set_progress_handler(self._is_late, self._there.instructions)
        except BaseException:
            connection.close()
            raise
        return connection

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def _bounded(self, bounds: Bounds, function: Callable[[], Any]) -> Any:
        self._deadline = time.monotonic() + bounds.seconds  # first: those of before may be over
        if bounds is not self._bounds:
            self._conn.execute(_busy(bounds.busy_seconds)).close()
            self._conn.set_progress_handler(self._is_late, bounds.instructions)
            self._bounds = bounds
        return function()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._running or not self._connection:
            raise ValueError("Connection closed")
        future = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((future, partial(self._bounded, self._there, partial(fn, *args, **kwargs))))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            while not future.done():
                self._interrupt()
                await _one_look_at(future)
            future.exception()  # heard of: else the loop would complain that nobody looked at it
            raise

    def _interrupt(self) -> None:
        if self._connection is not None:
            self._connection.interrupt()


async def _one_look_at(future: asyncio.Future[Any]) -> None:
    """Wait a moment for it, again and again: an interrupt that comes too early is forgotten."""
    try:
        await asyncio.wait([future], timeout=0.05)
    except asyncio.CancelledError:
        return


def _pragmas(busy_seconds: float, read_only: bool) -> tuple[str, ...]:
    """In this order: whoever opens a file that is busy waits from the first statement on."""
    return (
        _busy(busy_seconds),
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=NORMAL",
        "PRAGMA foreign_keys=ON",
        f"PRAGMA cache_size=-{CACHE_KIBIBYTES}",
        f"PRAGMA journal_size_limit={JOURNAL_BYTES_MAX}",
        f"PRAGMA query_only={int(read_only)}",
    )


def _busy(seconds: float) -> str:
    return f"PRAGMA busy_timeout={int(seconds * 1000)}"
