"""Requests that fail by chance are run again, from their body; what may have been done is not done twice."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar
from sqlalchemy import Connection
from sqlalchemy.util import await_only

from app.core.http import again
from app.core.http.again import PAUSES, follows, run_again
from tests.api.tasks.calls import TASKS, add, at, titles
from tests.core.db.databases import checked_out
from tests.core.http.chances import CHANGE, KEY, WATER, before, chance, raising, runs


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.mark.parametrize("moment", [CHANGE, "COMMIT"])
@pytest.mark.parametrize("times", [1, 3])
async def test_a_write_that_is_given_up_is_done_once(
    app: Litestar,
    alice: httpx.AsyncClient,
    engine_name: str,
    moment: str,
    times: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with before(app, moment, raising(chance(engine_name)), times):
        answer = await alice.post(TASKS, json=WATER)
    assert (answer.status_code, answer.json()["seq"]) == (201, 1)
    assert await titles(alice) == ["Water"]
    assert len(runs(caplog)) == times
    lines = [record for record in caplog.records if record.name == "app.requests"]
    assert [line.status for line in lines] == [201, 200]  # type: ignore[attr-defined] # from `extra`
    assert checked_out(app.state.database) == 0


async def test_after_three_more_runs_it_is_the_clients(
    app: Litestar, alice: httpx.AsyncClient, engine_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with before(app, CHANGE, raising(chance(engine_name)), 1 + len(PAUSES)):
        answer = await alice.post(TASKS, json=WATER)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert len(runs(caplog)) == len(PAUSES) == 3
    assert [record.message for record in caplog.records].count("database unavailable") == 1
    assert await titles(alice) == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_reading_is_run_again_when_the_connection_is_lost(
    app: Litestar, alice: httpx.AsyncClient, method: str
) -> None:
    await add(alice)
    with before(app, "SELECT", raising(ConnectionResetError(104, "words")), 2):
        assert (await alice.request(method, TASKS)).status_code == 200


async def test_a_body_in_parts_is_heard_once(
    app: Litestar, alice: httpx.AsyncClient, engine_name: str
) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for part in (b'{"ti', b'tle":', b'"Water"}'):
            await asyncio.sleep(0.01)
            yield part

    with before(app, CHANGE, raising(chance(engine_name)), 2):
        answer = await alice.post(TASKS, content=parts(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["title"]) == (201, "Water")


@pytest.mark.parametrize("error", [TimeoutError(), asyncpg.QueryCanceledError("words"), ValueError("words")])
async def test_what_is_slow_or_wrong_is_not_run_again(
    app: Litestar, alice: httpx.AsyncClient, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with before(app, CHANGE, raising(error), 1):
        answer = await alice.post(TASKS, json=WATER)
    assert answer.status_code in (500, 503)
    assert runs(caplog) == []


async def test_no_run_begins_late(
    app: Litestar,
    alice: httpx.AsyncClient,
    engine_name: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(again, "LATEST_SECONDS", 0.2)

    def late(_: Connection) -> None:
        await_only(asyncio.sleep(0.2))
        raise chance(engine_name)

    with before(app, CHANGE, late, 1):
        assert (await alice.post(TASKS, json=WATER)).status_code == 503
    assert runs(caplog) == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_who_can_not_know_whether_it_is_committed_does_not_do_it_again(
    app: Litestar, alice: httpx.AsyncClient, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    task = await add(alice)
    where, body = (TASKS if method == "POST" else at(task)), (None if method == "DELETE" else WATER)
    with before(app, "COMMIT", raising(ConnectionResetError(104, "words")), 1):
        answer = await alice.request(method, where, json=body, headers={} if method == "POST" else KEY)
    assert (answer.status_code, runs(caplog)) == (503, [])
    assert (await add(alice))["seq"] == 2


async def test_once_an_answer_begins_nothing_is_run_again() -> None:
    said: list[Any] = []

    async def app(scope: Any, _: Any, send: Any) -> None:
        assert follows(scope, ConnectionResetError(104, "words"))
        del scope["state"]["again"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert not follows(scope, ConnectionResetError(104, "words"))

    async def receive() -> Any:
        raise AssertionError("nobody listens")

    async def send(message: Any) -> None:
        said.append(message)

    scope: Any = {"method": "GET", "headers": [], "state": {}}
    await run_again(app, scope, receive, send)
    assert [message["status"] for message in said] == [200]
