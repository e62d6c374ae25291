"""A database's file, known by what it is and not by its name alone."""

import logging
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util import await_only

from app.core.db.sqlite_connection import Connection, Identity
from app.core.files import private_file, private_folder

log = logging.getLogger(__name__)


class SqliteFile:
    """The file, and the connections that are open to it.

    Deleted or replaced, an open file takes writes still, and they are gone with its last connection.
    So each connection remembers which file it opened, and serves no longer than that lies there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._was_there = False
        self._open: WeakSet[Connection] = WeakSet()

    async def connect(self, *, timeout_seconds: float, read_only: bool) -> Connection:
        """A connection to the file. Only the first makes it where it is missing: later, it is lost."""
        if not self._was_there:
            self._make()
        found = self._found()
        await self._leave_others(found)
        # awaiting it gives itself
        connection: Any = await Connection(
            f"{self._path.as_uri()}?mode=rw",
            timeout_seconds=timeout_seconds,
            read_only=read_only,
            identity=found,
        )
        self._was_there = True
        self._open.add(connection)
        return connection  # type: ignore[no-any-return] # typed as what it was before it was awaited

    def refuse_other(self, _: Any, record: ConnectionPoolEntry, __: PoolProxiedConnection) -> None:
        """On checkout: a connection to what lies there no longer is replaced, or nobody is served."""
        found = self._found()
        connection: Any = record.driver_connection
        if found is None or connection.identity != found:
            await_only(self._leave_others(found))
            raise DisconnectionError("the database's file is gone, or another")

    def _make(self) -> None:
        """What keeps it from being made, whoever opens it next will say."""
        try:
            private_folder(self._path.parent)
        except OSError:
            return
        private_file(self._path)  # SQLite gives the files beside it the same mode

    def _found(self) -> Identity | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    async def _leave_others(self, found: Identity | None) -> None:
        """Leave the files that lay here before.

        All of them, before a new one is opened: the log beside it has their name, and SQLite would take
        what it holds for the new file's.
        """
        others = [connection for connection in self._open if connection.identity != found]
        for connection in others:
            await connection.abandon()
            self._open.discard(connection)
        if others:
            what = "gone" if found is None else "replaced by another"
            log.error("the database's file is %s; its connections are closed", what)
