"""Idempotency-Key: a POST that is sent again is not done again, and gets the answer that it got before."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import bindparam, event, text
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.rows.turns import take_turn
from tests.api.kinds import KINDS, Kind, id_of
from tests.api.tasks.calls import TASKS, add, at, id_at, tag_of, titles
from tests.api.tasks.test_statements import assert_about
from tests.service import Statement, client_of, running, settings_for

KEY = {"Idempotency-Key": "one of alice's"}
WATER = {"title": "Water"}
TIMER = "/api/v1/time-entries"


def seen(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """What must be alike in an answer and its repeat."""
    apart = ("x-request-id", "idempotency-replayed")
    return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k not in apart}


def is_replayed(answer: httpx.Response) -> bool:
    assert answer.headers.get("idempotency-replayed") in (None, "true")
    return "idempotency-replayed" in answer.headers


async def next_number(client: httpx.AsyncClient) -> int:
    seq: int = (await add(client))["seq"]
    return seq


async def age(app: Litestar, hours: float) -> None:
    """Have every kept answer be this old."""
    statement = text("UPDATE idempotency_keys SET created_at = :at").bindparams(
        bindparam("at", type_=UTCDateTime())
    )
    async with app.state.database.engine.begin() as connection:
        await connection.execute(statement, {"at": datetime.now(UTC) - timedelta(hours=hours)})


@pytest.mark.parametrize("kind", KINDS, ids=id_of)
async def test_a_repeat_gets_the_first_answer_and_does_nothing(kind: Kind, alice: httpx.AsyncClient) -> None:
    body = kind.draft()
    first = await alice.post(kind.where, json=body, headers=KEY)
    assert (first.status_code, is_replayed(first)) == (201, False)
    await alice.patch(kind.at(first.json()), json={"description": "Changed since"})
    for _ in range(2):
        again = await alice.post(kind.where, json=body, headers=KEY)
        assert (is_replayed(again), seen(again)) == (True, seen(first))
    assert len(await kind.list(alice)) == 1
    assert await next_number(alice) == 3


async def test_every_post_can_be_repeated(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    await alice.delete(at(task))
    batch = {"operations": [{"op": "create", "type": "tasks", "body": WATER}]}
    posts: list[tuple[str, dict[str, Any] | None]] = [
        (f"{at(task)}/restore", None),
        (f"{TIMER}/start", {"description": "Login"}),
        (f"{TIMER}/start", None),
        (f"{TIMER}/stop", None),
        ("/api/v1/batch", batch),
    ]
    for number, (where, body) in enumerate(posts):
        headers = {"Idempotency-Key": str(number)}
        first = await alice.post(where, json=body, headers=headers)
        assert first.is_success, first.text
        again = await alice.post(where, json=body, headers=headers)
        assert (is_replayed(first), is_replayed(again)) == (False, True)
        assert seen(again) == seen(first)
    entries = (await alice.get(TIMER)).json()["items"]
    assert len(entries) == 2
    restarts = [
        await alice.post(f"{TIMER}/{entries[0]['id']}/restart", headers=KEY | {"Idempotency-Key": "again"})
        for _ in range(2)
    ]
    assert seen(restarts[0]) == seen(restarts[1])
    assert len(await titles(alice)) == 2


async def test_a_key_is_for_one_request(alice: httpx.AsyncClient) -> None:
    json, body = {"Content-Type": "application/json"}, b'{"title":"Water"}'
    first = await alice.post(TASKS, content=body, headers=KEY | json)
    with_charset = {"Content-Type": "application/json; charset=utf-8"}
    others = [
        await alice.post(TASKS, content=b'{"title": "Water"}', headers=KEY | json),
        await alice.post(TASKS, json={"title": "Feed the cat"}, headers=KEY),
        await alice.post(f"{TASKS}?a=b", content=body, headers=KEY | json),
        await alice.post(TASKS, content=body, headers=KEY | with_charset),
        await alice.post(f"{TIMER}/start", json={}, headers=KEY),
        await alice.post(f"{at(first.json())}/restore", headers=KEY),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in others] == [(422, "key_reused")] * 6
    assert not any(map(is_replayed, others))
    assert await titles(alice) == ["Water"]
    assert await next_number(alice) == 2


async def test_of_twenty_at_once_one_is_done(alice: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(alice.post(TASKS, json=WATER, headers=KEY) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(map(is_replayed, answers)) == [False] + [True] * 19
    assert len({answer.content for answer in answers}) == 1
    assert await titles(alice) == ["Water"]
    assert await next_number(alice) == 2


async def test_who_comes_second_waits_for_the_first(app: Litestar, alice: httpx.AsyncClient) -> None:
    async with app.state.database.session() as first:
        await take_turn(first, "alice")
        second = [asyncio.create_task(alice.post(TASKS, json=WATER, headers=KEY)) for _ in range(2)]
        await asyncio.sleep(0.2)
        assert not any(request.done() for request in second)
        await first.rollback()
    answers = await asyncio.gather(*second)
    assert sorted(map(is_replayed, answers)) == [False, True]


async def test_what_fails_frees_its_key(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    for body, status in (({"title": ""}, 422), ({"title": "Water", "id": task["id"]}, 409)):
        for _ in range(2):
            refused = await alice.post(TASKS, json=body, headers=KEY)
            assert (refused.status_code, is_replayed(refused)) == (status, False)
    missing = await alice.post(f"{TASKS}/{id_at(1)}/restore", headers=KEY)
    assert missing.status_code == 404
    created = await alice.post(TASKS, json=WATER, headers=KEY)
    assert (created.status_code, is_replayed(created)) == (201, False)


async def test_a_key_is_a_persons_own(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    hers, his = [await client.post(TASKS, json=WATER, headers=KEY) for client in (alice, bob)]
    assert (is_replayed(hers), is_replayed(his)) == (False, False)
    assert (await bob.post(TASKS, json={"title": "Other"}, headers=KEY)).json()["code"] == "key_reused"
    assert seen(await bob.post(TASKS, json=WATER, headers=KEY)) == seen(his)
    assert hers.json()["id"] != his.json()["id"]


async def test_an_answer_is_kept_for_a_day(app: Litestar, alice: httpx.AsyncClient) -> None:
    first = await alice.post(TASKS, json=WATER, headers=KEY)
    await age(app, 23.9)
    assert seen(await alice.post(TASKS, json=WATER, headers=KEY)) == seen(first)
    await age(app, 24.1)
    later = await alice.post(TASKS, json={"title": "Feed the cat"}, headers=KEY)
    assert (later.status_code, is_replayed(later)) == (201, False)
    assert seen(await alice.post(TASKS, json={"title": "Feed the cat"}, headers=KEY)) == seen(later)
    assert await titles(alice) == ["Feed the cat", "Water"]


@pytest.mark.parametrize("key", ["one of alice's", "x" * 256, ""])
async def test_on_other_methods_it_means_nothing(alice: httpx.AsyncClient, key: str) -> None:
    headers, where = {"Idempotency-Key": key}, f"{TASKS}/{id_at(1)}"
    for method, body, statuses in (
        ("PUT", WATER, [201, 200]),
        ("PATCH", {"title": "Feed the cat"}, [200, 200]),
        ("GET", None, [200, 200]),
        ("DELETE", None, [204, 204]),
    ):
        answers = [await alice.request(method, where, json=body, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == statuses
        assert not any(map(is_replayed, answers))
    assert await next_number(alice) == 6


@pytest.mark.parametrize("keys", [[""], ["x" * 256], ["é".encode()], ["a\tb"], ["a", "a"]])
async def test_what_is_no_key_is_refused(alice: httpx.AsyncClient, keys: list[str]) -> None:
    headers = [("Idempotency-Key", key) for key in keys]
    refused = await alice.post(TASKS, json=WATER, headers=httpx.Headers(headers))
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
    assert "Idempotency-Key" in refused.json()["detail"]
    assert await titles(alice) == []


@pytest.mark.parametrize("key", ["x", "x" * 255, "!\"#~ a'b"])
async def test_any_printable_text_is_a_key(alice: httpx.AsyncClient, key: str) -> None:
    answers = [await alice.post(TASKS, json=WATER, headers={"Idempotency-Key": key}) for _ in range(2)]
    assert list(map(is_replayed, answers)) == [False, True]


async def test_an_answer_outlives_the_service(database_url: str) -> None:
    answers = []
    for _ in range(2):
        async with (
            running(settings_for(database_url, auto_migrate=False)) as app,
            client_of(app, "alice") as alice,
        ):
            answers.append(await alice.post(TASKS, json={"title": "Café ☕"}, headers=KEY))
            assert await titles(alice) == ["Café ☕"]
    assert list(map(is_replayed, answers)) == [False, True]
    assert seen(answers[0]) == seen(answers[1])


async def test_what_is_not_committed_is_not_kept(app: Litestar, alice: httpx.AsyncClient) -> None:
    def crash(_: object) -> None:
        raise ValueError("the lights went out")

    engine = app.state.database.engine.sync_engine
    event.listen(engine, "commit", crash)
    assert (await alice.post(TASKS, json=WATER, headers=KEY)).status_code == 500
    event.remove(engine, "commit", crash)
    assert await titles(alice) == []
    created = await alice.post(TASKS, json=WATER, headers=KEY)
    assert (created.status_code, is_replayed(created), created.json()["seq"]) == (201, False, 1)


async def test_a_key_costs_two_statements_and_no_key_none(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    for headers, verbs in (
        ({}, ["INSERT", "INSERT"]),
        (KEY, ["INSERT", "SELECT", "INSERT", "INSERT"]),
        (KEY, ["INSERT", "SELECT"]),
    ):
        statements.clear()
        assert (await alice.post(TASKS, json=WATER, headers=headers)).status_code == 201
        assert [statement.split()[0] for statement, _ in statements] == verbs
        for statement, parameters in statements:
            assert_about(statement, parameters, "alice")


async def test_a_tag_in_a_repeat_is_the_rows_of_then(alice: httpx.AsyncClient) -> None:
    first = await alice.post(TASKS, json=WATER, headers=KEY)
    assert first.headers["etag"] == await tag_of(alice, at(first.json()))
    await alice.patch(at(first.json()), json={"title": "Feed the cat"})
    again = await alice.post(TASKS, json=WATER, headers=KEY)
    stale = {"If-Match": again.headers["etag"]}
    assert (await alice.patch(at(first.json()), json={}, headers=stale)).status_code == 412
