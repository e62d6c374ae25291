"""Writes of one process are heard of in the others at once, and the connection that tells of them is kept."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest
from litestar import Litestar

from app.core.config import PROJECT_ROOT
from app.core.db.url import parse_database_url
from app.core.feed import notices
from app.core.feed.notices import BATCH_MAX, UNTOLD_MAX, Outbox, arguments_for
from app.core.feed.wakes import EVERYBODY, digest_of
from tests.api.changes.calls import changes, load
from tests.api.tasks.calls import add
from tests.core.db.databases import closed_port
from tests.core.http.sockets import until
from tests.service import client_of, running, settings_for

LISTENERS = """
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (query ILIKE 'LISTEN%' OR query ILIKE '%pg_notify%')
"""


@pytest.fixture
async def both(postgres_database_url: str) -> AsyncIterator[list[Litestar]]:
    """Two services on one database, each hearing of the other's writes."""
    settings = settings_for(postgres_database_url, auto_migrate=False)
    async with AsyncExitStack() as stack:
        apps = [await stack.enter_async_context(running(settings)) for _ in range(2)]
        for app in apps:
            app.state.wakes.is_needed.set()
        await until(lambda: all(app.state.wakes.hears for app in apps))
        yield apps


async def ask(url: str, question: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval(question)
        return found
    finally:
        await connection.close()


async def heard_within(seconds: float, writer: Litestar, reader: Litestar) -> bool:
    """Whether a task that is added here is told of there in time."""
    async with client_of(writer, "alice") as here, client_of(reader, "alice") as there:
        _, since = await load(there)
        held = asyncio.create_task(changes(there, since=since, wait=25))
        await until(reader.state.wakes.all)
        task = await add(here)
        try:
            async with asyncio.timeout(seconds):
                return [item["row"] for item in (await held)["items"]] == [task]
        except TimeoutError:
            return False


async def test_each_hears_of_the_others_writes_at_once(both: list[Litestar]) -> None:
    one, other = both
    for _ in range(3):
        assert await heard_within(1, one, other)
        assert await heard_within(1, other, one)


async def test_nothing_says_whose_rows_were_written(both: list[Litestar], postgres_database_url: str) -> None:
    heard: list[str] = []
    connection = await asyncpg.connect(postgres_database_url)
    try:
        await connection.add_listener(notices.CHANNEL, lambda *notice: heard.append(str(notice[-1])))
        async with client_of(both[0], "alice") as alice:
            await add(alice)
        await until(lambda: heard)
    finally:
        await connection.close()
    assert heard == [digest_of("alice")]


async def test_many_writes_are_told_of_together(both: list[Litestar], postgres_database_url: str) -> None:
    heard: list[str] = []
    connection = await asyncpg.connect(postgres_database_url)
    people = [f"person-{number}" for number in range(40)]
    try:
        await connection.add_listener(notices.CHANNEL, lambda *notice: heard.append(str(notice[-1])))
        for person in people:
            both[0].state.wakes.wrote(person)
            both[0].state.wakes.wrote(person)
        await until(lambda: heard)
    finally:
        await connection.close()
    assert [notice.split(",") for notice in heard] == [[digest_of(person) for person in people]]


async def test_a_lost_connection_is_made_again(
    both: list[Litestar], postgres_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert await ask(postgres_database_url, f"SELECT count(pg_terminate_backend(pid)) {LISTENERS}") == 2
    await until(lambda: not any(app.state.wakes.hears for app in both))
    await until(lambda: all(app.state.wakes.hears for app in both))
    assert await heard_within(1, *both)
    said = [record.getMessage() for record in caplog.records if record.name == notices.__name__]
    lost = "other processes' changes are not heard of; polling instead"
    assert sorted(said) == ["other processes' changes are heard of again"] * 2 + [lost] * 2


async def test_what_is_written_while_it_is_lost_is_told_after(
    both: list[Litestar], postgres_database_url: str
) -> None:
    one, other = both
    await ask(postgres_database_url, f"SELECT count(pg_terminate_backend(pid)) {LISTENERS}")
    await until(lambda: not one.state.wakes.hears)
    async with client_of(one, "alice") as here, client_of(other, "alice") as there:
        held = asyncio.create_task(changes(there, wait=25))
        await until(other.state.wakes.all)
        task = await add(here)
        async with asyncio.timeout(4):
            assert [item["row"] for item in (await held)["items"]] == [task]


async def test_a_process_that_is_used_has_one_connection_more_and_leaves_none(
    postgres_database_url: str,
) -> None:
    settings = settings_for(postgres_database_url, auto_migrate=False)
    count = f"SELECT count(*) {LISTENERS}"
    async with running(settings) as app:
        await asyncio.sleep(0.1)
        assert await ask(postgres_database_url, count) == 0
        app.state.wakes.is_needed.set()
        await until(lambda: app.state.wakes.hears)
        assert await ask(postgres_database_url, count) == 1
    for _ in range(100):
        if not (left := await ask(postgres_database_url, count)):
            break
        await asyncio.sleep(0.02)
    assert left == 0


async def test_an_unreachable_database_is_said_once_and_holds_nothing_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"postgresql://alice:hunter2@127.0.0.1:{closed_port()}/daybook"
    async with running(settings_for(url, auto_migrate=False)) as app, client_of(app) as nobody:
        assert (await nobody.get("/health")).status_code == 200
        app.state.wakes.is_needed.set()
        await asyncio.sleep(1)
    said = [record.getMessage() for record in caplog.records if record.name == notices.__name__]
    assert said == ["other processes' changes are not heard of; polling instead"]
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        ("sqlite:///:memory:", False),
        ("postgresql://alice@db.example.com/daybook", True),
        ("postgresql://alice@db.example.com/daybook?pgbouncer=true", False),
        ("postgresql://alice@db.example.com:6543/daybook", False),
    ],
)
def test_only_a_direct_connection_is_listened_on(url: str, direct: bool) -> None:
    arguments = arguments_for(parse_database_url(url, root=PROJECT_ROOT), settings_for(url))
    assert (arguments is not None) == direct
    if arguments:
        assert (arguments["user"], arguments["host"]) == ("alice", "db.example.com")


async def test_the_outbox_is_bounded_and_gives_in_batches() -> None:
    outbox = Outbox()
    for number in range(BATCH_MAX + 5):
        outbox.put(str(number))
    assert len(await outbox.take(1)) == BATCH_MAX
    assert len(await outbox.take(1)) == 5
    assert await outbox.take(0.01) == []
    for number in range(UNTOLD_MAX + 5):
        outbox.put(str(number))
    assert (await outbox.take(1))[0] == EVERYBODY


async def test_a_write_that_is_refused_wakes_nobody(app: Litestar, alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    woken: list[str] = []
    app.state.wakes.tell = woken.append
    answer = await alice.post("/api/v1/tasks", json={"title": "Water", "id": task["id"]})
    assert answer.status_code == 409
    assert woken == []
    await add(alice)
    assert woken == [digest_of("alice")]
