"""Many timers at once: one runs at most, whatever happens, and the numbers have no gap."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy.exc import IntegrityError

from app.core.ids import new_id
from app.models.base import table_of
from app.models.time_entry import TimeEntry
from tests.api.tasks.calls import instant, tag_of
from tests.api.time_entries.calls import (
    CURRENT,
    ENTRIES,
    START,
    STOP,
    add,
    at,
    clock,
    everything,
    numbers,
    start,
)
from tests.core.db.databases import checked_out

Request = Coroutine[Any, Any, httpx.Response]


async def at_once(requests: Iterable[Request]) -> list[httpx.Response]:
    return list(await asyncio.gather(*requests))


def statuses(answers: Iterable[httpx.Response]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


async def running_now(client: httpx.AsyncClient) -> list[str]:
    """The ids of what runs, by the entries themselves; the timer says the same."""
    ids = [entry["id"] for entry in await everything(client) if entry["ended_at"] is None]
    answer = await client.get(CURRENT)
    assert ids == ([answer.json()["id"]] if answer.status_code == 200 else [])
    return ids


async def test_of_twenty_starts_one_runs_and_the_others_end_where_the_next_begins(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    answers = await at_once(alice.post(START) for _ in range(20))
    assert statuses(answers) == {201: 20}
    entries = sorted(await everything(alice), key=lambda entry: entry["seq"])
    assert [entry["seq"] for entry in entries] == [*range(2, 39, 2), 39]
    assert await numbers(app) == [*range(2, 39, 2), 39, 39]
    assert await running_now(alice) == [entries[-1]["id"]]
    by_start = sorted((answer.json() for answer in answers), key=lambda entry: entry["seq"])
    assert [entry["id"] for entry in by_start] == [entry["id"] for entry in entries]
    for stopped, following in zip(entries, by_start[1:], strict=False):
        assert stopped["ended_at"] == following["started_at"]


async def test_of_twenty_starts_that_reject_one_runs(app: Litestar, alice: httpx.AsyncClient) -> None:
    answers = await at_once(alice.post(START, params={"on_conflict": "reject"}) for _ in range(20))
    assert statuses(answers) == {201: 1, 409: 19}
    [won] = [answer.json() for answer in answers if answer.is_success]
    assert all(answer.json()["current"] == won for answer in answers if not answer.is_success)
    assert await everything(alice) == [won]
    assert await numbers(app) == [1, 1]


async def test_of_twenty_timers_that_are_created_one_runs(app: Litestar, alice: httpx.AsyncClient) -> None:
    body = {"started_at": clock("09:00")}
    entry = await add(alice)
    answers = await at_once(
        [
            *(alice.post(ENTRIES, json=body) for _ in range(10)),
            *(alice.put(f"{ENTRIES}/{new_id()}", json=body) for _ in range(5)),
            *(alice.patch(at(entry), json={"ended_at": None}) for _ in range(5)),
        ]
    )
    won = {answer.json()["id"] for answer in answers if answer.is_success}
    assert await running_now(alice) == list(won)
    assert all(answer.json()["code"] == "running" for answer in answers if not answer.is_success)
    assert len(set(await numbers(app))) == len(await everything(alice))


async def test_of_twenty_stops_one_stops(app: Litestar, alice: httpx.AsyncClient) -> None:
    await start(alice)
    assert statuses(await at_once(alice.post(STOP) for _ in range(20))) == {200: 1, 404: 19}
    await start(alice)
    match = {"If-Match": await tag_of(alice, CURRENT)}
    assert statuses(await at_once(alice.post(STOP, headers=match) for _ in range(20))) == {200: 1, 404: 19}
    assert await running_now(alice) == []
    assert await numbers(app) == [2, 4, 4]


async def test_of_twenty_starts_with_one_id_one_starts(app: Litestar, alice: httpx.AsyncClient) -> None:
    body = {"id": str(new_id())}
    assert statuses(await at_once(alice.post(START, json=body) for _ in range(20))) == {201: 1, 409: 19}
    assert await running_now(alice) == [body["id"]]
    assert await numbers(app) == [1, 1]


async def test_starts_and_stops_in_any_order_leave_one_or_none(
    app: Litestar, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    his = await start(bob)
    entry = await add(alice)
    kinds = [
        lambda: alice.post(START),
        lambda: alice.post(STOP),
        lambda: alice.post(f"{at(entry)}/restart"),
        lambda: alice.post(START, params={"on_conflict": "reject"}),
        lambda: alice.get(CURRENT),
        lambda: alice.patch(at(entry), json={"description": "Roses"}),
    ]
    answers = await at_once(kinds[n % len(kinds)]() for n in range(60))
    assert set(statuses(answers)) <= {200, 201, 204, 404, 409}
    assert len(await running_now(alice)) <= 1
    await assert_numbered(app, alice, answers)
    assert (await bob.get(CURRENT)).json() == his


async def assert_numbered(app: Litestar, client: httpx.AsyncClient, answers: list[httpx.Response]) -> None:
    """No number is borne or told twice, and the head bears the greatest."""
    *borne, head = await numbers(app)
    assert len(set(borne)) == len(borne)
    assert max(borne) == head
    told = [
        answer.json()["seq"] for answer in answers if answer.is_success and answer.request.method != "GET"
    ]
    assert len(set(told)) == len(told)
    assert max(told) == head
    entries = await everything(client)
    spans = sorted((entry["started_at"], entry["ended_at"] or "9999") for entry in entries)
    assert all(start <= end for start, end in spans)


async def test_clients_that_leave_at_any_moment_leave_one_or_none(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    for step in range(24):
        requests = [asyncio.create_task(alice.post(where)) for where in (START, STOP, START)]
        await asyncio.sleep(step / 1000)
        requests[step % 3].cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        assert len(await running_now(alice)) <= 1
    assert checked_out(app.state.database) == 0
    last = await start(alice)
    *borne, head = await numbers(app)
    assert (len(set(borne)), max(borne), head) == (len(borne), last["seq"], last["seq"])
    for entry in await everything(alice):
        assert entry["ended_at"] is None or instant(entry["ended_at"]) >= instant(entry["started_at"])


@pytest.mark.parametrize("user_id", ["alice", "bob"])
async def test_the_database_itself_refuses_a_second_timer(
    app: Litestar, alice: httpx.AsyncClient, user_id: str
) -> None:
    timer = await start(alice)
    id_, started_at = new_id(), instant(timer["started_at"])
    values = {
        "id": id_,
        "user_id": user_id,
        "seq": 7,
        "started_at": started_at,
        "entry_date": started_at.date(),
        "time_zone": "UTC",
        "tags": [],
    }
    insert = table_of(TimeEntry).insert().values(values)
    if user_id == "bob":
        async with app.state.database.engine.begin() as connection:
            await connection.execute(insert)
    else:
        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            async with app.state.database.engine.begin() as connection:
                await connection.execute(insert)
    assert await running_now(alice) == [timer["id"]]
