"""The live feed: every change once, in order, resumed without a gap, and ended when it has to be."""

import asyncio
from time import monotonic
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.api.changes import rules
from tests.api.changes.calls import CHANGES, add_one_of_each, changes, load, seqs, set_head
from tests.api.changes.live import listening
from tests.api.kinds import KINDS
from tests.api.tasks.calls import add, at
from tests.core.db.databases import checked_out
from tests.core.http.sockets import until
from tests.service import client_of, running, settings_for

SMALL_POOL = {"db_pool_size": 1, "db_max_overflow": 0, "auto_migrate": False}


async def test_what_there_is_and_then_what_comes_in_order(app: Litestar, alice: httpx.AsyncClient) -> None:
    await add_one_of_each(alice)
    before = (await changes(alice))["items"]
    async with listening(app) as (stream, _):
        first = await stream.events(len(before))
        task = await add(alice)
        await alice.delete(at(task))
        late = [(await stream.events(1))[0]]
        while late[-1].data["row"]["seq"] < len(before) + 2:
            late += await stream.events(1)
    assert [event.data for event in first] == before
    assert {event.name for event in first + late} == {"change"}
    assert late[-1].data["row"]["deleted_at"]
    assert stream.status == 200
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["cache-control"] == "no-store"
    assert stream.headers["x-accel-buffering"] == "no"
    assert "content-length" not in stream.headers


async def test_each_id_is_where_to_go_on(app: Litestar, alice: httpx.AsyncClient) -> None:
    await add_one_of_each(alice)
    items, since = await load(alice)
    async with listening(app) as (stream, _):
        events = await stream.events(len(items))
    assert events[-1].id == since
    for place, event in enumerate(events):
        assert (await load(alice, event.id))[0] == items[place + 1 :]


async def test_last_event_id_resumes_whatever_since_says(app: Litestar, alice: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(alice)
    async with listening(app) as (stream, _):
        [first] = await stream.events(1)
    headers = {"Last-Event-ID": first.id}
    async with listening(app, query="since=0.0.0", headers=headers) as (stream, _):
        assert [event.data["row"]["seq"] for event in await stream.events(2)] == [2, 3]
    async with listening(app, query=f"since={first.id}") as (stream, _):
        assert [event.data["row"]["seq"] for event in await stream.events(2)] == [2, 3]


async def test_more_than_a_page_comes_in_pages(
    app: Litestar, alice: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "STREAM_LIMIT", 2)
    for _ in range(7):
        await add(alice)
    async with listening(app) as (stream, _):
        assert [event.data["row"]["seq"] for event in await stream.events(7)] == list(range(1, 8))


async def test_it_says_when_to_call_again_and_that_it_is_still_there(
    app: Litestar, alice: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "KEEP_ALIVE_SECONDS", 0.05)
    async with listening(app) as (stream, _):
        assert await stream.block() == "retry: 3000"
        assert [await stream.block() for _ in range(3)] == [": keep-alive"] * 3
        await add(alice)
        assert (await stream.events(1))[0].data["type"] == "tasks"
        assert await stream.block() == ": keep-alive"


async def test_types_alone_are_told_and_the_place_moves_on(app: Litestar, alice: httpx.AsyncClient) -> None:
    async with listening(app, query="types=config") as (stream, _):
        assert await stream.block() == "retry: 3000"
        await add(alice)
        place = await stream.block()
        assert place is not None
        since = place.removeprefix("id: ")
        assert since == (await changes(alice))["next"]
        await alice.put("/api/v1/config/app.theme", json={"value": "dark"})
        assert (await stream.events(1))[0].data["type"] == "config"


async def test_nothing_of_bobs_is_heard(
    app: Litestar, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    async with listening(app) as (stream, _):
        assert await stream.block() == "retry: 3000"
        for kind in KINDS:
            await kind.add(bob)
        mine = await add(alice)
        [event] = await stream.events(1)
        assert event.data["row"] == mine


async def test_a_place_that_is_overtaken_meanwhile_is_gone_and_begins_anew(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    await add(alice)
    async with listening(app) as (stream, task):
        await stream.events(1)
        await set_head(app, "alice", seq=9, purged_seq=9)
        app.state.wakes.wrote("alice")
        event = await stream.event()
        assert event is not None
        assert (event.name, event.id, event.data["code"]) == ("gone", "", "gone")
        assert await stream.block() is None
        await asyncio.wait([task], timeout=5)
        assert task.done()


@pytest.mark.parametrize("query", ["since=garbage", "types=secrets", "limit=5"])
async def test_what_is_refused_is_a_problem_before_the_stream_begins(
    alice: httpx.AsyncClient, query: str
) -> None:
    answer = await alice.get(f"{CHANGES}/stream?{query}")
    assert answer.is_client_error
    assert answer.headers["content-type"] == "application/problem+json"


async def test_it_ends_when_the_token_does(app: Litestar, alice: httpx.AsyncClient) -> None:
    began = monotonic()
    # The guard bears with a token for 30 seconds more.
    async with listening(app, lifetime_seconds=-28) as (stream, _):
        assert await stream.block() == "retry: 3000"
        await add(alice)
        assert await stream.event()
        assert await stream.event() is None
    assert monotonic() - began < 4


async def test_it_ends_when_the_service_stops(app: Litestar) -> None:
    async with listening(app) as (stream, _):
        assert await stream.block() == "retry: 3000"
        app.state.wakes.stop()
        assert await stream.event() is None
    async with listening(app) as (stream, _):
        assert await stream.event() is None


async def test_a_client_that_leaves_leaves_nothing(app: Litestar, alice: httpx.AsyncClient) -> None:
    tasks = len(asyncio.all_tasks())
    async with listening(app) as (stream, _):
        assert await stream.block() == "retry: 3000"
        assert len(app.state.wakes.all()) == 1
    assert app.state.wakes.all() == []
    assert len(asyncio.all_tasks()) == tasks


async def test_cancelled_it_ends_at_once_and_leaves_nothing(app: Litestar, alice: httpx.AsyncClient) -> None:
    tasks = len(asyncio.all_tasks())
    for pause in (0.0, 0.001, 0.005, 0.05):
        async with listening(app) as (stream, task):
            assert await stream.block() == "retry: 3000"
            write = asyncio.create_task(add(alice))
            await asyncio.sleep(pause)
            task.cancel()
            await asyncio.wait([task], timeout=2)
            assert task.cancelled()
            await write
        assert app.state.wakes.all() == []
        assert checked_out(app.state.database) == 0
    assert len(asyncio.all_tasks()) == tasks


@pytest.mark.parametrize("is_woken", [False, True])
async def test_what_is_written_as_it_begins_is_told_and_otherwise_it_reads_once(
    app: Litestar, alice: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, is_woken: bool
) -> None:
    begin, read, reads = rules.begin, rules.read, 0

    async def begun(*arguments: Any) -> Any:
        first = await begin(*arguments)
        if is_woken:
            await add(alice)
        return first

    async def counted(*arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(*arguments)

    monkeypatch.setattr(rules, "begin", begun)
    monkeypatch.setattr(rules, "read", counted)
    monkeypatch.setattr(rules, "KEEP_ALIVE_SECONDS", 0.1)
    monkeypatch.setattr(app.state.wakes, "is_needed", asyncio.Event())
    async with listening(app) as (stream, _):
        assert await stream.block() == "retry: 3000"
        if is_woken:
            assert (await stream.events(1))[0].data["row"]["seq"] == 1
        assert await stream.block() == ": keep-alive"
    assert reads == 1 + is_woken


async def test_a_slow_reader_is_read_for_as_slowly(
    app: Litestar, alice: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "STREAM_LIMIT", 1)
    for _ in range(6):
        await add(alice)
    reads = 0
    read = rules.read

    async def counted(*arguments: object) -> object:
        nonlocal reads
        reads += 1
        return await read(*arguments)  # type: ignore[arg-type] # handed on as they are

    monkeypatch.setattr(rules, "read", counted)
    async with listening(app, slow=True) as (stream, _):
        await asyncio.sleep(0.3)
        # The head waits to be taken; the first page waits for the head, and no second one is read.
        assert reads == 1
        assert [event.data["row"]["seq"] for event in await stream.events(6)] == list(range(1, 7))
        assert checked_out(app.state.database) == 0


async def test_head_ends_at_once(app: Litestar) -> None:
    async with listening(app, method="HEAD") as (stream, task):
        assert await stream.take() is None
        assert stream.status == 200
        stream.gone.set()
        await asyncio.wait([task], timeout=5)
        assert task.done()
        assert stream.sent.empty()


async def test_a_thousand_streams_leave_the_pool_free(database_url: str) -> None:
    async with running(settings_for(database_url, **SMALL_POOL)) as app, client_of(app, "bob") as bob:
        people = [f"person-{number % 100}" for number in range(1000)]
        contexts = [listening(app, person) for person in people]
        streams = [(await context.__aenter__())[0] for context in contexts]
        try:
            assert {await stream.block() for stream in streams} == {"retry: 3000"}
            await until(lambda: all(waiter.head for waiter in app.state.wakes.all()))
            await until(lambda: checked_out(app.state.database) == 0)
            tasks = [await add(bob) for _ in range(5)]
            async with client_of(app, "person-7") as seventh:
                mine = await add(seventh)
            woken = [await stream.event() for stream in streams[7::100]]
            assert [event and event.data["row"] for event in woken] == [mine] * 10
            assert seqs((await changes(bob))["items"]) == [task["seq"] for task in tasks]
            app.state.wakes.stop()
        finally:
            for context in contexts:
                await context.__aexit__(None, None, None)
        assert checked_out(app.state.database) == 0
