"""The session of a request: its own, committed before the answer, and always given back."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar, Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from sqlalchemy import JSON, Text, bindparam, select, text, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db.session import Database
from app.core.http.sessions import provide_session
from tests.core.db.databases import FOREVER, checked_out, opened, run

READ = text("SELECT n FROM counters WHERE name = :name")
WRITE = text("UPDATE counters SET n = :n WHERE name = :name")
LOCK = text("UPDATE counters SET seq = seq + 1 WHERE name = :name")
ALICE = {"name": "alice"}


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    async with opened(empty_database_url, db_pool_timeout_seconds=10) as database:
        async with database.engine.begin() as connection:
            await connection.execute(text("CREATE TABLE counters (name text PRIMARY KEY, n int, seq int)"))
            await connection.execute(text("INSERT INTO counters VALUES ('alice', 0, 0)"))
        yield database


async def count(database: Database) -> int:
    async with database.session(read_only=True) as session:
        return int((await run(session, READ, **ALICE)).scalar_one())


async def increment(session: AsyncSession) -> None:
    await run(session, LOCK, **ALICE)
    n = (await run(session, READ, **ALICE)).scalar_one()
    await run(session, WRITE, n=n + 1, **ALICE)


@post("/increment")
async def increment_one(session: NamedDependency[AsyncSession]) -> None:
    await increment(session)


@post("/fail")
async def write_and_fail(session: NamedDependency[AsyncSession]) -> None:
    await increment(session)
    raise ValueError("after the write")


@post("/hang")
async def write_and_hang(session: NamedDependency[AsyncSession]) -> None:
    await increment(session)
    await run(session, FOREVER[session.get_bind().dialect.name])


@get("/write")
async def write_in_a_read(session: NamedDependency[AsyncSession]) -> None:
    await increment(session)


@get("/idle")
async def touch_nothing(session: NamedDependency[AsyncSession], request: Request[Any, Any, Any]) -> int:
    assert not session.in_transaction()
    return checked_out(request.app.state.database)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar(
        [increment_one, write_and_fail, write_and_hang, write_in_a_read, touch_nothing],
        dependencies={"session": Provide(provide_session)},
        state=State({"database": database}),
        debug=True,
        logging_config=None,
    )
    transport = httpx.ASGITransport(cast(Any, app))
    async with httpx.AsyncClient(transport=transport, base_url="http://daybook.test") as client:
        yield client


async def test_a_request_that_succeeds_has_committed(client: httpx.AsyncClient, database: Database) -> None:
    response = await client.post("/increment")
    assert response.status_code == 201, response.text
    assert await count(database) == 1


async def test_a_request_that_fails_leaves_nothing(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.post("/fail")).status_code == 500
    assert await count(database) == 0
    assert checked_out(database) == 0


async def test_a_request_that_is_cancelled_leaves_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    for _ in range(3):
        request = asyncio.create_task(client.post("/hang"))
        await asyncio.sleep(0.3)
        assert checked_out(database) == 1
        request.cancel()
        await asyncio.wait([request], timeout=2)
        assert request.cancelled()
        assert checked_out(database) == 0
    async with asyncio.timeout(2):
        assert (await client.post("/increment")).status_code == 201
    assert await count(database) == 1


async def test_a_cancellation_at_any_moment_leaves_nothing_locked(database: Database) -> None:
    async def unit() -> None:
        async with database.session() as session:
            await increment(session)

    for step in range(40):
        task = asyncio.create_task(unit())
        await asyncio.sleep(step / 4000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert checked_out(database) == 0
    async with asyncio.timeout(2), database.session() as session:
        await increment(session)


async def test_a_get_cannot_write(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.get("/write")).status_code == 500
    assert await count(database) == 0
    async with database.session(read_only=True) as session:
        with pytest.raises(DBAPIError):
            await increment(session)
    assert (await client.post("/increment")).status_code == 201


async def test_a_request_that_touches_nothing_takes_no_connection(client: httpx.AsyncClient) -> None:
    assert (await client.get("/idle")).json() == 0


async def test_ten_at_once_lose_nothing(client: httpx.AsyncClient, database: Database) -> None:
    async def increments() -> None:
        for _ in range(25):
            response = await client.post("/increment")
            assert response.status_code == 201, response.text

    await asyncio.gather(*(increments() for _ in range(10)))
    assert await count(database) == 250
    assert checked_out(database) == 0


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.session() as writer:
        await increment(writer)
        async with asyncio.timeout(1):
            assert await count(database) == 0


async def test_a_connection_that_can_not_roll_back_is_replaced(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(empty_database_url, db_pool_size=1, db_max_overflow=0) as database:
        state = SimpleNamespace(state=SimpleNamespace(database=database))
        provider = provide_session(cast(Any, SimpleNamespace(app=state, method="PUT")))
        session = await anext(provider)
        await run(session, text("CREATE TABLE notes (n int)"))
        adapted = (await (await session.connection()).get_raw_connection()).dbapi_connection

        def fail(_: object) -> None:
            raise database.engine.dialect.loaded_dbapi.OperationalError("the disk is on fire")

        with monkeypatch.context() as patched:
            patched.setattr(type(adapted), "rollback", fail)
            with pytest.raises(KeyError, match="bob"):
                await provider.athrow(KeyError("bob"))
        assert checked_out(database) == 0
        assert "a connection could not be rolled back and is dropped" in caplog.messages
        async with database.session() as session:
            await run(session, text("CREATE TABLE notes (n int)"))


async def test_rows_outlive_the_commit(database: Database) -> None:
    async with database.session() as session:
        assert not session.sync_session.expire_on_commit


async def test_json_is_stored_as_msgspec_writes_it(database: Database) -> None:
    as_stored = select(type_coerce(bindparam("given", {"é": ["bob", 1]}, type_=JSON), JSON).cast(Text))
    async with database.engine.connect() as connection:
        assert (await connection.execute(as_stored)).scalar_one() == '{"é":["bob",1]}'


async def test_disposed_means_closed(empty_database_url: str) -> None:
    async with opened(empty_database_url) as database:
        async with database.session() as session:
            raw = await (await session.connection()).get_raw_connection()
            driver: Any = raw.driver_connection
        await database.dispose()
        closed = driver.is_closed() if database.url.dialect == "postgresql" else not driver._connection
        assert closed
