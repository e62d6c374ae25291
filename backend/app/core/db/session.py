"""The database: its engines, and sessions that are given back whatever happens."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, RootTransaction, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidRequestError, MultipleResultsFound
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util.concurrency import greenlet_spawn
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.config import Settings
from app.core.db import postgres, sqlite
from app.core.db.direct import Statement, direct_of, read_direct, run_direct
from app.core.db.errors import name_of, takes_no_writes
from app.core.db.url import DatabaseUrl

_MADE_LATE: Final = ("_async_bind", "_async_binds", "_proxied", "sync_session")

log = logging.getLogger(__name__)


class Session(AsyncSession):
    """A session whose statements may take the short way to the driver, and that gives back what it has.

    `rows` is that way: within the session's own transaction, so that whoever goes on with SQLModel's methods
    goes on in the same. A plain session, closed, forgets a connection that fails to roll back: it is missing
    in the pool for ever.

    A few statements built at import are all that most requests want, and making an `AsyncSession` and having
    it follow a transaction costs as much as those. So what it consists of is made when something of it is
    first asked for. Until then it holds a transaction of the engine's, which that then joins.
    """

    def __init__(self, engine: AsyncEngine, *, reads_on: AsyncEngine | None = None) -> None:
        self._async_engine = engine
        self._reads_on = reads_on and reads_on.sync_engine
        self._info: dict[Any, Any] = {}
        self._held: RootTransaction | None = None

    def __getattr__(self, name: str) -> Any:
        """What `AsyncSession` sets when it is made; it is made here, then."""
        if name not in _MADE_LATE:
            raise AttributeError(name, name=name, obj=self)
        engine = self._async_engine
        bind = AsyncConnection(engine, self._held.connection) if self._held else engine
        super().__init__(bind, expire_on_commit=False, join_transaction_mode="control_fully")
        if self._held:
            self.sync_session.connection()  # joins now, not at its first statement: a commit may come before
        return getattr(self, name)

    @property
    def info(self) -> dict[Any, Any]:
        """What those who use the session tell each other."""
        return self._info

    async def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[Any]:
        """The rows that a statement gives which was built once and for all, as tuples with names.

        In a session that only reads, a SELECT is a snapshot of its own, and needs no BEGIN and no COMMIT for
        it. Otherwise it runs in the session's transaction, which begins with the first.
        """
        direct = direct_of(statement, self._async_engine.dialect)
        if direct is None:
            result = await (await self.connection()).execute(statement, values)
            return list(result.all()) if result.returns_rows else []
        if self._reads_on and direct.only_reads and not self.in_transaction():
            return await read_direct(self._reads_on, direct, values)
        return await run_direct(await self._begun(), direct, values)

    async def row(self, statement: Statement, values: Mapping[str, Any]) -> Any:
        """The one row that the statement gives, or None."""
        found = await self.rows(statement, values)
        if len(found) > 1:
            raise MultipleResultsFound
        return found[0] if found else None

    def in_transaction(self) -> bool:
        """Whether something was begun that is to be committed or rolled back."""
        return super().in_transaction() if self._is_made() else self._held is not None

    async def rollback(self) -> None:
        """Undo what was begun."""
        if self._is_made():
            await super().rollback()
        else:
            await self._let_go()

    async def close(self) -> None:
        """Roll back what is open, then give the connection back; the pool drops it if it is of no use."""
        try:
            if self._is_made() and self.in_transaction():
                await self.rollback()
        finally:
            if self._is_made():
                await super().close()
            await self._let_go()

    async def settle(self) -> None:
        """Commit what was done, if anything was."""
        if self._is_made():
            if not self._is_unused():
                await self.commit()
        elif held := self._take_held():
            await greenlet_spawn(_settle, held)

    async def __aexit__(self, *_: object) -> None:
        """Roll back what is open and give the connection back, to the end, even when cancelled meanwhile.

        A connection that is too dead to roll back is thrown away: why, the error that ended the block says.
        """
        if self._is_unused():
            return
        try:
            await super().__aexit__(None, None, None)
        except Exception:
            log.warning("a connection could not be rolled back and is dropped")

    def _is_unused(self) -> bool:
        """Whether there is nothing to give back, and nothing that the session knows of."""
        if not self._is_made():
            return self._held is None
        return not (self._held or self.in_transaction() or self.identity_map or self.new or self.deleted)

    async def _begun(self) -> Connection:
        """The connection that has the session's transaction."""
        if self._is_made():
            return await greenlet_spawn(self.sync_session.connection)
        if self._held is None:
            self._held = await greenlet_spawn(_begin, self._async_engine.sync_engine)
        return self._held.connection

    async def _let_go(self) -> None:
        if held := self._take_held():
            await greenlet_spawn(_let_go, held)

    def _take_held(self) -> RootTransaction | None:
        held, self._held = self._held, None
        return held

    def _is_made(self) -> bool:
        return "sync_session" in vars(self)


def _begin(engine: Engine) -> RootTransaction:
    connection = engine.connect()
    try:
        return connection.begin()
    except BaseException:
        connection.close()
        raise


def _settle(transaction: RootTransaction) -> None:
    """Ends the transaction's block, which is what commits it, then its connection's.

    Raises InvalidRequestError where it is over already, and so was not committed.
    """
    with transaction.connection, transaction:
        if not transaction.is_active:
            raise InvalidRequestError("the transaction is over")


def _let_go(transaction: RootTransaction) -> None:
    """Rolls back what is not over. A connection that fails to is given back: the pool drops it."""
    try:
        transaction.close()
    finally:
        transaction.connection.close()


@dataclass(frozen=True)
class Database:
    """An open database. `reader` is for work that only reads; it may share the connections of `engine`."""

    url: DatabaseUrl
    engine: AsyncEngine
    reader: AsyncEngine

    def session(self, *, read_only: bool = False) -> Session:
        """A session of its own. It takes a connection at its first statement, not before.

        A pooler may give two parts of a statement to two servers unless it is in a transaction; in memory
        the one connection has to be told whether it may write.
        """
        if not read_only:
            return Session(self.engine)
        return Session(self.reader, reads_on=None if self.url.is_pooled or self.url.is_memory else self.plain)

    @property
    def plain(self) -> AsyncEngine:
        """What lends connections to read on as they come: on Postgres without telling the server so."""
        return self.reader if self.url.dialect == "sqlite" else self.engine

    @property
    def engines(self) -> tuple[AsyncEngine, ...]:
        """Those that have connections of their own."""
        return (self.engine,) if self.reader.pool is self.engine.pool else (self.engine, self.reader)

    async def dispose(self) -> None:
        """Close every connection."""
        for engine in self.engines:
            await engine.dispose()


def open_database(settings: Settings) -> Database:
    """The database of `settings`. Nothing is connected yet."""
    url = settings.database
    shared: dict[str, Any] = {
        "echo": settings.db_echo,
        "hide_parameters": True,
        "json_deserializer": msgspec.json.decode,
        "json_serializer": _json,
        "pool_timeout": settings.db_pool_timeout_seconds,
    }
    if url.dialect == "sqlite":
        database = Database(url, *sqlite.sqlite_engines(url, settings, **shared))
    else:
        engine = postgres.postgres_engine(url, settings, **shared)
        database = Database(url, engine, engine.execution_options(**postgres.READ_ONLY))
    for each in database.engines:
        event.listen(each.sync_engine, "handle_error", _tell_of_refused_writes)
    return database


@asynccontextmanager
async def committed(database: Database) -> AsyncIterator[Session]:
    """A session that is committed when the block ends, or rolled back when something is raised in it."""
    async with database.session() as session:
        yield session
        await session.settle()


def _tell_of_refused_writes(context: ExceptionContext) -> None:
    """What no waiting mends: somebody has to make room, or look at why the database is read-only."""
    if takes_no_writes(context.original_exception):
        log.error("the database takes no writes", extra={"cause": name_of(context.original_exception)})


def _json(value: Any) -> str:
    """JSON as msgspec writes it, so that a row's text is the same on both engines and in a response."""
    return msgspec.json.encode(value).decode()
