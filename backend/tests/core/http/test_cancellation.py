"""A request whose caller is cancelled, or whose client leaves: writes are finished, and nothing leaks."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.api.tasks import controller
from app.core.rows.turns import take_turn
from tests.core.db.databases import checked_out
from tests.service import client_of, token_of

TASKS = "/api/v1/tasks"


async def titles(client: httpx.AsyncClient) -> list[str]:
    return [task["title"] for task in (await client.get(TASKS)).json()["items"]]


async def create(client: httpx.AsyncClient, title: str) -> httpx.Response:
    return await client.post(TASKS, json={"title": title})


def create_by_hand(app: Litestar, receive: Any, sent: list[Any]) -> "asyncio.Task[None]":
    """Alice's request to create a task, as a server passes it on."""

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": TASKS,
        "raw_path": TASKS.encode(),
        "query_string": b"",
        "headers": [
            (b"host", b"daybook.test"),
            (b"content-type", b"application/json"),
            (b"authorization", f"Bearer {token_of('alice')}".encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2100),
        "state": {},
    }
    return asyncio.create_task(app(scope, receive, send))


@pytest.mark.parametrize("times", [1, 3])
async def test_a_write_that_is_cancelled_is_finished(
    app: Litestar, alice: httpx.AsyncClient, times: int
) -> None:
    database = app.state.database
    async with database.session() as session:
        await take_turn(session, "alice")
        request = asyncio.create_task(create(alice, "Water the plants"))
        for _ in range(times):
            await asyncio.sleep(0.1)
            request.cancel()
        await asyncio.sleep(0.1)
        assert not request.done()
    await asyncio.wait([request], timeout=5)
    assert request.cancelled()
    assert checked_out(database) == 0
    async with asyncio.timeout(2):
        assert (await create(alice, "Feed the cat")).status_code == 201
    assert await titles(alice) == ["Feed the cat", "Water the plants"]


async def test_cancelled_at_any_moment_nothing_is_torn_or_left(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    for step in range(30):
        request = asyncio.create_task(create(alice, f"{step}"))
        await asyncio.sleep(step / 4000)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        assert checked_out(app.state.database) == 0
    async with asyncio.timeout(2):
        last = await create(alice, "Feed the cat")
    assert last.json()["seq"] == len(await titles(alice))


async def test_a_read_that_is_cancelled_at_any_moment_leaves_nothing(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    where = (await create(alice, "Water the plants")).headers["location"]
    for step in range(60):
        request = asyncio.create_task(alice.get(where if step % 2 else TASKS))
        await asyncio.sleep(step / 10_000)
        request.cancel()
        async with asyncio.timeout(2):
            await asyncio.gather(request, return_exceptions=True)
        assert checked_out(app.state.database) == 0
    async with asyncio.timeout(2):
        assert (await alice.get(where)).status_code == 200


async def test_a_read_that_is_cancelled_does_not_go_on(
    alice: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()

    async def read_for_ever(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(controller, "read_page", read_for_ever)
    request = asyncio.create_task(alice.get(TASKS))
    await reached.wait()
    request.cancel()
    await asyncio.wait([request], timeout=1)
    assert request.cancelled()


async def test_who_only_waits_for_the_client_is_gone_at_once(app: Litestar, alice: httpx.AsyncClient) -> None:
    never = asyncio.Event()

    async def receive() -> None:
        await never.wait()

    sent: list[Any] = []
    request = create_by_hand(app, receive, sent)
    await asyncio.sleep(0.1)
    request.cancel()
    await asyncio.wait([request], timeout=1)
    assert request.cancelled()
    assert sent == []
    assert checked_out(app.state.database) == 0


async def test_nothing_is_said_to_who_was_cancelled(app: Litestar) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b'{"title": "Water the plants"}', "more_body": False}

    database = app.state.database
    sent: list[Any] = []
    async with database.session() as session:
        await take_turn(session, "alice")
        request = create_by_hand(app, receive, sent)
        await asyncio.sleep(0.1)
        request.cancel()
    await asyncio.wait([request], timeout=5)
    assert sent == []
    async with client_of(app, "alice") as alice:
        assert await titles(alice) == ["Water the plants"]


async def test_a_client_that_leaves_in_mid_body_is_no_failure_of_ours(
    app: Litestar, alice: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": b'{"title":', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    sent: list[Any] = []
    caplog.set_level(logging.INFO)
    await create_by_hand(app, receive, sent)
    assert sent[0]["status"] == 400
    assert [record.levelname for record in caplog.records if record.name.startswith("app")] == ["INFO"]
    assert await titles(alice) == []
