"""The timer: the one entry that runs, by the server's clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.core.ids import new_id
from tests.api.tasks.calls import fields_of, id_at, instant, tag_of
from tests.api.time_entries.calls import (
    API,
    CURRENT,
    ENTRIES,
    START,
    STOP,
    Entry,
    add,
    at,
    change,
    clock,
    everything,
    numbers,
    refusal,
    start,
)

SECOND = timedelta(seconds=1)


async def now_running(client: httpx.AsyncClient) -> Entry | None:
    """What runs now."""
    answer = await client.get(CURRENT)
    if answer.status_code == 204:
        assert answer.content == b""
        return None
    assert answer.status_code == 200, answer.text
    entry: Entry = answer.json()
    return entry


async def test_a_timer_starts_now_and_stops_now(app: Litestar, alice: httpx.AsyncClient) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    answer = await alice.post(START, json={"description": "Login", "raw_text": "login", "tags": ["home"]})
    timer = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, at(timer))
    assert before <= instant(timer["started_at"]) <= datetime.now(UTC)
    assert [timer[name] for name in ("ended_at", "duration_seconds", "locked", "task_id")] == [
        *(None, None, False, None)
    ]
    assert [timer[name] for name in ("description", "raw_text", "tags")] == ["Login", "login", ["home"]]
    assert await tag_of(alice, CURRENT) == answer.headers["etag"] == await tag_of(alice, at(timer))
    assert await now_running(alice) == timer
    stopped = await alice.post(STOP)
    entry = stopped.json()
    assert entry == timer | {name: entry[name] for name in ("ended_at", "duration_seconds", "updated_at")} | {
        "seq": 2
    }
    assert timedelta(seconds=entry["duration_seconds"]) == instant(entry["ended_at"]) - instant(
        entry["started_at"]
    )
    assert instant(entry["ended_at"]) <= datetime.now(UTC)
    assert stopped.headers["etag"] == await tag_of(alice, at(entry))
    assert await now_running(alice) is None
    assert await numbers(app) == [2, 2]


@pytest.mark.parametrize("body", [None, b"null", b"{}"])
async def test_a_start_needs_no_words(alice: httpx.AsyncClient, body: bytes | None) -> None:
    headers = {"Content-Type": "application/json"} if body else {}
    answer = await alice.post(START, content=body, headers=headers)
    assert (answer.status_code, answer.json()["description"], answer.json()["tags"]) == (201, None, [])


BAD: list[tuple[Any, tuple[str, str]]] = [
    ({"started_at": clock("09:00")}, ("/started_at", "unknown_field")),
    ({"locked": True}, ("/locked", "unknown_field")),
    ({"duration_seconds": 60}, ("/duration_seconds", "unknown_field")),
    ({"time_zone": "Europe/Atlantis"}, ("/time_zone", "unknown_zone")),
    ({"tags": ["home", "home"]}, ("/tags", "invalid")),
    ({"tags": None}, ("/tags", "invalid")),
    ({"description": 5}, ("/description", "invalid")),
    ({"description": "x" * 5_001}, ("/description", "invalid")),
    ({"description": "a\0b"}, ("/description", "invalid")),
    ({"id": "7"}, ("/id", "invalid")),
    ({"id": id_at(1, version=4)}, ("/id", "id")),
    ({"id": "ffffffff-ffff-7fff-bfff-ffffffffffff"}, ("/id", "id")),
    ({"task_id": str(new_id())}, ("/task_id", "unknown_reference")),
    ([], ("", "invalid")),
    ("now", ("", "invalid")),
]


async def test_a_bad_start_is_pointed_at_and_stops_nothing(app: Litestar, alice: httpx.AsyncClient) -> None:
    timer = await start(alice)
    for body, fault in BAD:
        assert refusal(await alice.post(START, json=body)) == (422, [fault]), body
    several = await alice.post(START, json={"ended_at": None, "locked": True})
    assert fields_of(several) == [("/ended_at", "unknown_field"), ("/locked", "unknown_field")]
    for content, headers, status in (
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {}, 415),
    ):
        assert (await alice.post(START, content=content, headers=headers)).status_code == status
    for query in ({"on_conflict": "wait"}, {"overlap": "no"}, {"colour": "red"}):
        answer = await alice.post(START, params=query)
        assert (answer.status_code, [place for place, _ in fields_of(answer)]) == (
            422,
            [f"/{next(iter(query))}"],
        )
    assert await everything(alice) == [timer]
    assert await numbers(app) == [1, 1]


async def test_a_start_stops_what_runs_at_the_same_instant(app: Litestar, alice: httpx.AsyncClient) -> None:
    first = await add(alice, started_at=clock("09:00"), description="Long ago")
    second = await start(alice)
    stopped = (await alice.get(at(first))).json()
    assert (stopped["ended_at"], stopped["seq"], second["seq"]) == (second["started_at"], 2, 3)
    assert stopped["duration_seconds"] == (instant(second["started_at"]) - instant(clock("09:00"))) / SECOND
    assert stopped["updated_at"] <= second["updated_at"]
    assert await now_running(alice) == second
    third = await start(alice)
    assert [entry["seq"] for entry in await everything(alice)] == [2, 4, 5]
    assert (await alice.get(at(second))).json()["ended_at"] == third["started_at"]
    assert await numbers(app) == [2, 4, 5, 5]


async def test_a_start_may_ask_that_nothing_runs(app: Litestar, alice: httpx.AsyncClient) -> None:
    reject = {"on_conflict": "reject"}
    timer = (await alice.post(START, params=reject)).json()
    tag = await tag_of(alice, CURRENT)
    for where in (START, f"{at(timer)}/restart"):
        answer = await alice.post(where, params=reject)
        assert (answer.status_code, answer.json()["code"]) == (409, "running")
        assert (answer.json()["current"], answer.headers["etag"]) == (timer, tag)
    assert await everything(alice) == [timer]
    assert await numbers(app) == [1, 1]
    await alice.post(STOP)
    assert (await alice.post(START, params=reject)).status_code == 201


async def test_an_id_of_the_clients_starts_but_once(app: Litestar, alice: httpx.AsyncClient) -> None:
    id_ = str(new_id())
    timer = await start(alice, id=id_)
    assert timer["id"] == id_
    answer = await alice.post(START, json={"id": id_})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["current"] == timer
    assert answer.headers["etag"] == await tag_of(alice, at(timer))
    assert await everything(alice) == [timer]
    assert await now_running(alice) == timer
    assert await numbers(app) == [1, 1]
    other = await add(alice)
    await alice.delete(at(other))
    answer = await alice.post(START, json={"id": other["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "in_trash")
    assert await now_running(alice) == timer


async def test_a_stop_may_name_the_version_it_means(app: Litestar, alice: httpx.AsyncClient) -> None:
    timer = await start(alice)
    old = await tag_of(alice, CURRENT)
    timer = await change(alice, timer, description="Another")
    for tag in (old, '"r0.2"', f"W/{await tag_of(alice, CURRENT)}"):
        answer = await alice.post(STOP, headers={"If-Match": tag})
        assert (answer.status_code, answer.json()["current"]) == (412, timer)
        assert answer.headers["etag"] == await tag_of(alice, CURRENT)
    assert (await alice.post(STOP, headers={"If-Match": "malformed"})).status_code == 400
    assert await numbers(app) == [2, 2]
    both = f"{old}, {await tag_of(alice, CURRENT)}"
    assert (await alice.post(STOP, headers={"If-Match": both})).json()["seq"] == 3
    await start(alice)
    assert (await alice.post(STOP, headers={"If-Match": "*"})).status_code == 200


async def test_where_nothing_runs_nothing_stops(app: Litestar, alice: httpx.AsyncClient) -> None:
    entry = await add(alice)
    for headers in ({}, {"If-Match": await tag_of(alice, at(entry))}):
        answer = await alice.post(STOP, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await numbers(app) == [1, 1]


async def test_a_good_copy_of_what_runs_is_not_sent_again(alice: httpx.AsyncClient) -> None:
    assert (await alice.get(CURRENT, headers={"If-None-Match": "*"})).status_code == 204
    assert (await alice.head(CURRENT)).status_code == 204
    await start(alice)
    copy = {"If-None-Match": await tag_of(alice, CURRENT)}
    assert (await alice.get(CURRENT, headers=copy)).status_code == 304
    assert (await alice.head(CURRENT)).status_code == 200
    await alice.post(API + "/tasks", json={"title": "Something else"})
    assert (await alice.get(CURRENT, headers=copy)).status_code == 304
    await start(alice)
    assert (await alice.get(CURRENT, headers=copy)).status_code == 200


async def test_a_timer_that_went_to_the_trash_runs_no_more(alice: httpx.AsyncClient) -> None:
    first = await start(alice)
    await alice.delete(at(first))
    assert await now_running(alice) is None
    assert (await alice.post(STOP)).status_code == 404
    second = await start(alice)
    answer = await alice.post(f"{at(first)}/restore")
    assert (answer.status_code, answer.json()["code"], answer.json()["current"]) == (409, "running", second)
    await alice.post(STOP)
    assert (await alice.post(f"{at(first)}/restore")).status_code == 200
    running = await now_running(alice)
    assert running
    assert running["id"] == first["id"]


async def test_a_clock_that_was_ahead_ends_no_timer_before_its_start(alice: httpx.AsyncClient) -> None:
    ahead = (datetime.now(UTC) + timedelta(minutes=4)).replace(microsecond=0)
    for where in (STOP, START):
        timer = await add(alice, started_at=ahead.isoformat())
        assert (await alice.post(where)).is_success
        stopped = (await alice.get(at(timer))).json()
        assert (stopped["ended_at"], stopped["duration_seconds"]) == (timer["started_at"], 0)
    running = await now_running(alice)
    assert running
    assert running["started_at"] == timer["started_at"]
    assert (await alice.post(STOP)).json()["duration_seconds"] == 0


async def test_a_timer_that_was_forgotten_can_be_stopped(alice: httpx.AsyncClient) -> None:
    await add(alice, started_at="1970-01-01T00:00:00Z")
    stopped = (await alice.post(STOP)).json()
    assert stopped["duration_seconds"] == instant(stopped["ended_at"]).timestamp()


async def test_the_day_of_a_timer_is_that_of_its_zone(alice: httpx.AsyncClient) -> None:
    timer = await start(alice, time_zone="Pacific/Kiritimati")
    assert timer["entry_date"] == (instant(timer["started_at"]) + timedelta(hours=14)).date().isoformat()


async def test_people_have_timers_of_their_own(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    hers, his = await start(alice), await start(bob)
    assert (await now_running(alice), await now_running(bob)) == (hers, his)
    await alice.post(STOP)
    assert (await now_running(alice), await now_running(bob)) == (None, his)


async def test_nobody_has_none(nobody: httpx.AsyncClient) -> None:
    for method, where in (
        ("POST", START),
        ("POST", STOP),
        ("GET", CURRENT),
        ("POST", f"{ENTRIES}/{new_id()}/restart"),
    ):
        assert (await nobody.request(method, where)).status_code == 401
