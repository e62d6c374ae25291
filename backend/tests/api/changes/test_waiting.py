"""The long poll: an empty answer is held until something changes, and holds nothing meanwhile."""

import asyncio
from time import monotonic

import httpx
import pytest
from litestar import Litestar

from app.core.feed import polls
from tests.api.changes.calls import CHANGES, changes, load, seqs, set_head
from tests.api.changes.live import listening
from tests.api.tasks.calls import add
from tests.core.db.databases import checked_out
from tests.core.http.sockets import until
from tests.service import client_of, running, settings_for


async def test_it_is_answered_as_soon_as_something_changes(alice: httpx.AsyncClient) -> None:
    await add(alice)
    _, since = await load(alice)
    began = monotonic()
    held = asyncio.create_task(changes(alice, since=since, wait=25))
    await asyncio.sleep(0.3)
    assert not held.done()
    task = await add(alice)
    page = await held
    assert monotonic() - began < 5
    assert [item["row"] for item in page["items"]] == [task]
    assert seqs((await changes(alice, since=since, wait=25))["items"]) == [2]


async def test_who_has_nothing_waits_for_the_first(alice: httpx.AsyncClient) -> None:
    held = asyncio.create_task(changes(alice, wait=25))
    await asyncio.sleep(0.2)
    await add(alice)
    assert seqs((await held)["items"]) == [1]


async def test_when_the_time_is_up_it_is_empty_and_says_where_to_go_on(alice: httpx.AsyncClient) -> None:
    await add(alice)
    _, since = await load(alice)
    began = monotonic()
    page = await changes(alice, since=since, wait=1)
    assert 0.9 < monotonic() - began < 5
    assert page == {"items": [], "next": since, "more": False}


async def test_what_is_not_asked_for_does_not_end_it_but_moves_it_on(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    held = asyncio.create_task(changes(alice, types="config", wait=2))
    await asyncio.sleep(0.2)
    await add(alice)
    await add(bob)
    await asyncio.sleep(0.2)
    assert not held.done()
    page = await held
    assert (page["items"], page["next"]) == ([], (await changes(alice))["next"])


async def test_a_place_that_is_overtaken_while_it_waits_is_gone(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    await add(alice)
    _, since = await load(alice)
    held = asyncio.create_task(alice.get(CHANGES, params={"since": since, "wait": 25}))
    await until(app.state.wakes.all)
    await set_head(app, "alice", seq=5, purged_seq=5)
    app.state.wakes.wrote("alice")
    assert (await held).status_code == 410


async def test_many_who_wait_hold_no_connection(database_url: str) -> None:
    small = {"db_pool_size": 1, "db_max_overflow": 0, "auto_migrate": False}
    async with running(settings_for(database_url, **small)) as app, client_of(app, "alice") as alice:
        held = [asyncio.create_task(changes(alice, wait=25)) for _ in range(50)]
        await until(lambda: len(app.state.wakes.all()) == 50 and checked_out(app.state.database) == 0)
        await add(alice)
        assert [seqs(page["items"]) for page in await asyncio.gather(*held)] == [[1]] * 50
        assert app.state.wakes.all() == []


async def test_it_is_over_when_the_service_stops(app: Litestar, alice: httpx.AsyncClient) -> None:
    held = asyncio.create_task(changes(alice, wait=25))
    await until(app.state.wakes.all)
    began = monotonic()
    app.state.wakes.stop()
    assert (await held)["items"] == []
    assert (await changes(alice, wait=25))["items"] == []
    assert monotonic() - began < 5


async def test_it_is_over_when_the_client_leaves(app: Litestar) -> None:
    tasks = len(asyncio.all_tasks())
    async with listening(app, path=CHANGES, query="wait=25") as (listener, task):
        await until(app.state.wakes.all)
        listener.gone.set()
        await asyncio.wait([task], timeout=5)
        assert task.done()
    assert app.state.wakes.all() == []
    assert len(asyncio.all_tasks()) == tasks


async def test_it_is_over_when_the_token_is(app: Litestar) -> None:
    began = monotonic()
    async with listening(app, path=CHANGES, query="wait=25", lifetime_seconds=-28) as (listener, _):
        assert await listener.take() == b'{"items":[],"next":"0.0.0","more":false}'
    assert monotonic() - began < 5


async def test_what_nobody_tells_of_is_seen_by_looking(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polls, "ALONE_SECONDS", 0.1)
    settings = settings_for(database_url, auto_migrate=False)
    async with running(settings) as app, client_of(app, "alice") as alice:
        monkeypatch.setattr(polls, "HEARD_SECONDS", 0.1)
        monkeypatch.setattr(app.state.wakes, "wrote", lambda _: None)
        held = asyncio.create_task(changes(alice, wait=25))
        await until(app.state.wakes.all)
        await add(alice)
        async with asyncio.timeout(5):
            assert seqs((await held)["items"]) == [1]
