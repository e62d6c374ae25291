"""Every wait for the database has an end, and that end is a 503."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from app.core.db.errors import DATABASE_ERRORS, problem_of
from app.core.db.session import Database
from app.core.errors import UnavailableError
from app.core.http.sessions import provide_session
from app.core.rows.turns import take_turn
from tests.core.db.databases import FOREVER, checked_out, closed_port, opened, run

ONE = text("SELECT 1")


@contextmanager
def unavailable(*, within_seconds: float) -> Iterator[None]:
    """What happens inside is answered with 503, soon."""
    start = time.monotonic()
    with pytest.raises(DATABASE_ERRORS) as caught:
        yield
    assert time.monotonic() - start < within_seconds
    problem = problem_of(caught.value)
    assert isinstance(problem, UnavailableError)
    assert int(problem.headers["Retry-After"]) >= 1


async def ask(database: Database) -> int:
    async with database.session(read_only=True) as session:
        return int((await run(session, ONE)).scalar_one())


async def test_the_pool_is_exhausted(empty_database_url: str) -> None:
    bounds = {"db_pool_size": 1, "db_max_overflow": 1, "db_pool_timeout_seconds": 0.2}
    async with opened(empty_database_url, **bounds) as database:
        async with database.session(read_only=True) as alice, database.session(read_only=True) as bob:
            await run(alice, ONE)
            await run(bob, ONE)
            with unavailable(within_seconds=2):
                await ask(database)
        assert await ask(database) == 1


async def test_a_statement_takes_too_long(empty_database_url: str) -> None:
    async with opened(empty_database_url, db_command_timeout_seconds=0.3) as database:
        with unavailable(within_seconds=3):
            async with database.session() as session:
                await run(session, FOREVER[database.url.dialect])
        assert checked_out(database) == 0
        assert await ask(database) == 1


async def test_another_writer_takes_too_long(empty_sqlite_database_url: str) -> None:
    async with opened(empty_sqlite_database_url, db_pool_timeout_seconds=0.3) as database:
        async with database.session() as alice:
            await run(alice, ONE)
            with unavailable(within_seconds=3):
                async with database.session() as bob:
                    await run(bob, ONE)
        assert await ask(database) == 1


async def test_another_program_writes_too_long(empty_sqlite_database_url: str) -> None:
    async with opened(empty_sqlite_database_url, db_command_timeout_seconds=0.3) as database:
        async with opened(empty_sqlite_database_url) as other, other.session() as alice:
            await run(alice, ONE)
            with unavailable(within_seconds=3):
                async with database.session() as bob:
                    await run(bob, ONE)
        assert await ask(database) == 1


async def test_a_replica_that_freezes_in_mid_transaction_is_put_out(postgres_database_url: str) -> None:
    """Alice's counter is free again, and who waited for it held a connection only for a moment."""
    bounds = {"db_command_timeout_seconds": 1, "db_pool_timeout_seconds": 0.4}
    async with opened(postgres_database_url, **bounds) as frozen, frozen.session() as session:
        await take_turn(session, "alice")
        async with opened(postgres_database_url, **bounds) as database:
            with unavailable(within_seconds=0.9):
                async with database.session() as waiting:
                    await take_turn(waiting, "alice")
            assert checked_out(database) == 0
            await asyncio.sleep(1)
            async with database.session() as following:
                assert (await take_turn(following, "alice")).seq == 1
        with unavailable(within_seconds=1):
            await run(session, ONE)


async def test_nobody_listens() -> None:
    async with opened(f"postgresql://bob@127.0.0.1:{closed_port()}/daybook") as database:
        with unavailable(within_seconds=3):
            await ask(database)


async def test_no_socket_is_there() -> None:
    async with opened("postgresql://bob@/daybook?host=/nowhere/at/all") as database:
        with unavailable(within_seconds=3):
            await ask(database)


async def test_the_folder_cannot_be_opened(empty_sqlite_database_url: str) -> None:
    async with opened(empty_sqlite_database_url) as database:
        assert database.url.file
        database.url.file.mkdir()
        with unavailable(within_seconds=3):
            await ask(database)


class Wire:
    """A way to a server that can fall silent: what is sent then, arrives nowhere."""

    def __init__(self, host: str = "", port: int = 0) -> None:
        self.target = (host, port)
        self.flowing = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.ends: list[asyncio.StreamWriter] = []

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ends.append(writer)
        if not self.target[0]:
            return
        behind, ahead = await asyncio.open_connection(*self.target)
        self.ends.append(ahead)
        self.tasks += [asyncio.create_task(self.pump(*way)) for way in ((reader, ahead), (behind, writer))]

    async def pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await self.flowing.wait()
            target.write(data)
        target.close()


@asynccontextmanager
async def wired(wire: Wire) -> AsyncIterator[int]:
    """The port of the near end."""
    server = await asyncio.start_server(wire.accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in wire.tasks:
            task.cancel()
        for end in wire.ends:
            end.transport.abort()
        await asyncio.gather(*wire.tasks, *(end.wait_closed() for end in wire.ends), return_exceptions=True)


async def test_a_listener_never_answers() -> None:
    async with wired(Wire()) as port:
        url = f"postgresql://bob@127.0.0.1:{port}/daybook"
        async with opened(url, db_connect_timeout_seconds=0.5) as database:
            with unavailable(within_seconds=3):
                await ask(database)


@asynccontextmanager
async def behind_a_wire(url: str) -> AsyncIterator[tuple[Wire, Database]]:
    """A database whose network can fail."""
    parts = urlsplit(url)
    wire = Wire(parts.hostname or "", parts.port or 0)
    wire.flowing.set()
    bounds = {"db_command_timeout_seconds": 0.3, "db_connect_timeout_seconds": 1}
    async with wired(wire) as port:
        near = parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
        async with opened(f"{near}?sslmode=disable", **bounds) as database:
            yield wire, database


async def test_the_network_falls_silent_in_mid_transaction(empty_postgres_database_url: str) -> None:
    async with behind_a_wire(empty_postgres_database_url) as (wire, database):
        with unavailable(within_seconds=8):
            async with database.session() as session:
                await run(session, ONE)
                wire.flowing.clear()
                await run(session, ONE)
        assert checked_out(database) == 0
        wire.flowing.set()
        assert await ask(database) == 1


async def test_a_rollback_that_fails_hides_no_error(empty_postgres_database_url: str) -> None:
    async with behind_a_wire(empty_postgres_database_url) as (wire, database):
        state = SimpleNamespace(state=SimpleNamespace(database=database))
        provider = provide_session(cast(Any, SimpleNamespace(app=state, method="PUT")))
        await run(await anext(provider), ONE)
        wire.flowing.clear()
        start = time.monotonic()
        with pytest.raises(KeyError, match="bob"):
            await provider.athrow(KeyError("bob"))
        assert time.monotonic() - start < 8
        assert checked_out(database) == 0
        wire.flowing.set()
        assert await ask(database) == 1
