"""A connection to SQLite on which a statement always ends: by itself, by time, or by cancellation."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from typing import Any, Final

import aiosqlite

from app.core.db.sqlite_cursor import Cursor

BUSY_SECONDS_MAX: Final = 5.0
JOURNAL_BYTES_MAX: Final = 64 * 1024 * 1024
INSTRUCTIONS_BETWEEN_LOOKS: Final = 1_000
"""How often the clock is looked at: an instruction can be a search through a long text."""

Identity = tuple[int, int]
"""Which file it is, whatever its name: its device, and its number there."""


class Connection(aiosqlite.Connection):
    """aiosqlite's connection, with a deadline for every statement and cancellation that waits.

    Abandoned in mid-statement, a connection keeps the database's write lock: everybody else finds it
    locked, even after garbage collection. So a cancelled task interrupts its statement and waits for
    the thread to be through with it before the cancellation goes on its way.
    """

    def __init__(
        self,
        database: str,
        *,
        timeout_seconds: float,
        read_only: bool = False,
        identity: Identity | None = None,
    ) -> None:
        super().__init__(partial(self._open, database, read_only), iter_chunk_size=64)
        self.identity = identity
        # A thread that waits for a lock must not keep the process from ending.
        self._thread.daemon = True
        self._timeout_seconds = timeout_seconds
        self._deadline = float("inf")
        self.begins_with: str | None = None
        """What to run before the next statement, on the same trip to the thread."""

    def cursor(self) -> Cursor:  # type: ignore[override] # for SQLAlchemy, which asks less of it
        """A cursor of one trip a statement."""
        return Cursor(self._conn, self._execute, self._begin)

    async def fetchmany(self, sql: str, several: Sequence[Sequence[Any]]) -> list[Any]:
        """Run a statement with each of the parameters; all rows that it gives."""
        rows: list[Any] = await self._execute(self._fetch, sql, several)
        return rows

    async def rollback(self) -> None:
        """Roll back, if there is anything to: the pool asks at every return, to be sure."""
        self.begins_with = None
        if self.in_transaction:
            await super().rollback()

    def _fetch(self, sql: str, several: Sequence[Sequence[Any]]) -> list[Any]:
        self._begin()
        with closing(self._conn.cursor()) as cursor:
            return [row for parameters in several for row in cursor.execute(sql, parameters).fetchall()]

    def _begin(self) -> None:
        """Runs what a transaction begins with, where one is to begin."""
        if self.begins_with:
            self._conn.execute(self.begins_with).close()
            self.begins_with = None

    async def abandon(self) -> None:
        """Move what the log holds into the file, whatever its name is now, and have no more to do with it.

        A transaction that is open is rolled back, and who has it is told so at the next statement.
        """
        with suppress(sqlite3.Error, ValueError):
            await self._execute(self._leave)

    def _leave(self) -> None:
        try:
            self._conn.rollback()
            self._conn.execute("PRAGMA busy_timeout=0").close()
            self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        finally:
            self._conn.close()

    def _open(self, database: str, read_only: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(database, isolation_level=None, uri=True)
        try:
            for pragma in _pragmas(min(self._timeout_seconds, BUSY_SECONDS_MAX), read_only):
                connection.execute(pragma).close()
            connection.set_progress_handler(self._is_late, INSTRUCTIONS_BETWEEN_LOOKS)
        except BaseException:
            connection.close()
            raise
        return connection

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def _timed(self, function: Callable[[], Any]) -> Any:
        self._deadline = time.monotonic() + self._timeout_seconds
        return function()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._running or not self._connection:
            raise ValueError("Connection closed")
        future = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((future, partial(self._timed, partial(fn, *args, **kwargs))))
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
        f"PRAGMA busy_timeout={int(busy_seconds * 1000)}",
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=NORMAL",
        "PRAGMA foreign_keys=ON",
        f"PRAGMA journal_size_limit={JOURNAL_BYTES_MAX}",
        f"PRAGMA query_only={int(read_only)}",
    )
