"""A cursor that goes to its connection's thread once for a statement, not once for each part of it."""

import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Self


class Cursor:
    """What SQLAlchemy asks of a cursor: making it, running, fetching and closing are one trip.

    `run` takes work to the connection's thread, `connection` is the one to work on there; `begin` is what
    comes first there.
    """

    arraysize = 1

    def __init__(
        self,
        connection: sqlite3.Connection,
        run: Callable[..., Awaitable[Any]],
        begin: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._run = run
        self._begin = begin
        self._rows: deque[Any] = deque()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        """Nothing to do: the cursor proper is made with the statement."""
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> Self:
        """Run a statement and fetch all it gives."""
        await self._run(self._whole, sqlite3.Cursor.execute, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> Self:
        """Run a statement once for each set of parameters."""
        await self._run(self._whole, sqlite3.Cursor.executemany, sql, parameters)
        return self

    async def fetchone(self) -> Any:
        """The next row, or None."""
        return self._rows.popleft() if self._rows else None

    async def fetchmany(self, size: int = 1) -> list[Any]:
        """The next rows."""
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    async def fetchall(self) -> list[Any]:
        """The rows that are left."""
        return await self.fetchmany(len(self._rows))

    async def close(self) -> None:
        """Nothing to do: the cursor proper was closed with the statement."""

    def _whole(self, execute: Callable[..., sqlite3.Cursor], sql: str, parameters: Any) -> None:
        cursor = self._connection.cursor()
        try:
            self._begin()
            execute(cursor, sql, parameters)
            self.description = cursor.description
            self._rows = deque(cursor.fetchall() if cursor.description else ())
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()
