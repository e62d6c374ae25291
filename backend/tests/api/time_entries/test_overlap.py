"""Time that may not be shared: half-open, over days, with what runs, and with many at once."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import combinations
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar

from tests.api.tasks.calls import instant
from tests.api.time_entries.calls import (
    ENTRIES,
    START,
    STOP,
    Entry,
    add,
    at,
    between,
    change,
    clock,
    everything,
    numbers,
    prefer,
    start,
)

REJECT = {"overlap": "reject"}
MORNING = between("09:00", "10:00")


async def ask(client: httpx.AsyncClient, **fields: object) -> httpx.Response:
    """Asks for an entry that shares no time."""
    return await client.post(ENTRIES, json=fields, params=REJECT)


def in_the_way(answer: httpx.Response) -> list[Entry]:
    """The entries that are told to be in the way."""
    assert (answer.status_code, answer.json()["code"]) == (409, "overlap"), answer.text
    entries: list[Entry] = answer.json()["conflicts"]
    return entries


FREE = [
    between("08:00", "09:00"),
    between("10:00", "11:00"),
    between("09:00", "09:00"),
    between("09:30", "09:30"),
    between("09:00", "10:00", day="2026-05-02"),
    {"duration_seconds": 3600, "entry_date": "2026-05-01"},
    {"started_at": "2026-04-30T09:00:00Z", "duration_seconds": 86_400},
    {"started_at": "2026-04-01T09:00:00Z", "ended_at": "2026-05-01T09:00:00Z"},
    {"started_at": clock("10:00")},
]
TAKEN = [
    MORNING,
    between("09:15", "09:45"),
    between("08:00", "11:00"),
    between("08:00", "09:01"),
    between("09:59", "11:00"),
    between("09:00", "09:01"),
    between("09:59", "10:00"),
    {"started_at": "2026-05-01T11:59:59+02:00", "duration_seconds": 1},
    {"started_at": "2026-04-30T09:00:01Z", "duration_seconds": 86_400},
    {"started_at": "2026-04-30T09:00:00Z", "duration_seconds": 86_401},
    {"started_at": "1970-01-01T00:00:00Z", "ended_at": "9998-12-31T23:59:59Z"},
    {"started_at": clock("09:59")},
    {"started_at": "1970-01-01T00:00:00Z"},
]


async def test_half_open_stretches_may_touch(app: Litestar, alice: httpx.AsyncClient) -> None:
    entry = await add(alice, **MORNING)
    for fields in FREE:
        answer = await ask(alice, **fields)
        assert answer.status_code == 201, (fields, answer.text)
        await alice.delete(at(answer.json()))
    before = await numbers(app)
    for fields in TAKEN:
        assert in_the_way(await ask(alice, **fields)) == [entry], fields
    assert await numbers(app) == before
    assert await everything(alice) == [entry]


@pytest.mark.parametrize("fields", [*TAKEN, *FREE])
async def test_it_is_the_same_whoever_came_first(alice: httpx.AsyncClient, fields: Entry) -> None:
    first = await add(alice, **fields)
    answer = await ask(alice, **MORNING)
    if fields in FREE:
        assert answer.status_code == 201, fields
    else:
        assert in_the_way(answer) == [first]


async def test_the_question_stands_over_the_setting(alice: httpx.AsyncClient) -> None:
    allowed = {"overlap": "allow"}
    await add(alice, **MORNING)
    assert (await alice.post(ENTRIES, json=MORNING)).status_code == 201
    await prefer(alice, "overlap", "reject")
    assert len(in_the_way(await alice.post(ENTRIES, json=MORNING))) == 2
    assert (await alice.post(ENTRIES, json=MORNING, params=allowed)).status_code == 201
    await prefer(alice, "overlap", "allow")
    assert (await alice.post(ENTRIES, json=MORNING)).status_code == 201
    assert len(in_the_way(await ask(alice, **MORNING))) == 4
    answer = await alice.post(ENTRIES, json=MORNING, params={"overlap": "never"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/overlap")


async def test_ten_in_the_way_are_named_in_their_order(alice: httpx.AsyncClient) -> None:
    entries = [await add(alice, **between(f"{9 - n // 2:02}:{n % 2}0", "10:00")) for n in range(10)]
    long = await add(alice, started_at="2026-04-20T00:00:00Z", ended_at="2026-05-09T00:00:00Z")
    runs = await add(alice, started_at="2026-04-19T00:00:00Z")
    order = sorted([long, runs, *entries], key=lambda entry: (entry["started_at"], entry["id"]))
    assert in_the_way(await ask(alice, **between("00:00", "12:00"))) == order[:10]
    assert in_the_way(await ask(alice, **between("11:00", "12:00"))) == [runs, long]


async def test_an_entry_is_not_in_its_own_way(alice: httpx.AsyncClient) -> None:
    entry = await add(alice, **MORNING)
    other = await add(alice, **between("10:00", "11:00"))
    await prefer(alice, "overlap", "reject")
    assert (await change(alice, entry, ended_at=clock("09:30")))["duration_seconds"] == 1800
    assert (await alice.put(at(entry), json=MORNING)).status_code == 200
    for answer in (
        await alice.patch(at(entry), json={"duration_seconds": 3601}),
        await alice.patch(at(entry), json={"ended_at": None}),
        await alice.put(at(entry), json=between("09:00", "10:30")),
        await alice.put(f"{ENTRIES}/01970000-0000-7000-8000-000000000001", json=between("10:30", "12:00")),
    ):
        assert in_the_way(answer) == [other]
    assert (await alice.get(at(entry))).json()["duration_seconds"] == 3600


async def test_what_overlaps_already_may_change_in_all_but_its_time(alice: httpx.AsyncClient) -> None:
    entry, other = await add(alice, **MORNING), await add(alice, **MORNING)
    await prefer(alice, "overlap", "reject")
    for fields in (
        {"description": "Roses"},
        {"tags": ["home"]},
        {"time_zone": "Asia/Tokyo"},
        MORNING,
        {"locked": True},
        {"locked": False},
    ):
        await change(alice, entry, **fields)
    assert in_the_way(await alice.patch(at(entry), json={"ended_at": clock("09:30")})) == [other]
    assert (await change(alice, entry, started_at=None, ended_at=None))["started_at"] is None


async def test_what_comes_back_from_the_trash_is_asked_too(alice: httpx.AsyncClient) -> None:
    entry = await add(alice, **MORNING)
    await alice.delete(at(entry))
    other = (await ask(alice, **MORNING)).json()
    assert in_the_way(await alice.post(f"{at(entry)}/restore", params=REJECT)) == [other]
    assert await everything(alice) == [other]
    assert (await alice.post(f"{at(entry)}/restore")).status_code == 200


async def test_a_timer_can_always_be_stopped_but_not_started_in_the_way(alice: httpx.AsyncClient) -> None:
    timer = await start(alice)
    await add(alice, started_at="2026-01-01T00:00:00Z", ended_at="9000-01-01T00:00:00Z")
    await prefer(alice, "overlap", "reject")
    assert (await alice.post(STOP)).status_code == 200
    assert len(in_the_way(await alice.post(START))) == 1
    assert len(in_the_way(await alice.post(f"{at(timer)}/restart"))) == 1
    started = await alice.post(START, params={"overlap": "allow"})
    assert started.status_code == 201
    assert len(in_the_way(await alice.post(START))) == 1, "that which runs is not stopped either"
    assert (await alice.get(f"{ENTRIES}/current")).json() == started.json()


async def test_timers_one_after_the_other_are_in_nobodys_way(alice: httpx.AsyncClient) -> None:
    await prefer(alice, "overlap", "reject")
    for _ in range(3):
        await start(alice)
    assert (await alice.post(STOP)).status_code == 200


async def test_people_are_not_in_each_others_way(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    for fields in (MORNING, {"started_at": clock("12:00")}):
        for client in (alice, bob):
            assert (await ask(client, **fields)).status_code == 201


async def test_of_twenty_at_once_one_wins(app: Litestar, alice: httpx.AsyncClient) -> None:
    await prefer(alice, "overlap", "reject")
    bodies = [between(f"09:{n:02}", f"10:{n:02}") for n in range(20)]
    answers = await asyncio.gather(*(alice.post(ENTRIES, json=body) for body in bodies))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    [won] = [answer.json() for answer in answers if answer.is_success]
    assert all(in_the_way(answer) == [won] for answer in answers if not answer.is_success)
    assert await numbers(app) == [2, 2]


many = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
HOURS = st.integers(0, 96).map(lambda hour: (instant(clock("00:00")) + timedelta(hours=hour)).isoformat())
BODIES: st.SearchStrategy[Entry] = st.one_of(
    st.fixed_dictionaries(
        {"started_at": HOURS, "duration_seconds": st.integers(0, 80).map(lambda h: h * 3600)}
    ),
    st.fixed_dictionaries({"started_at": HOURS}),
    st.fixed_dictionaries({"duration_seconds": st.integers(0, 86_400)}),
)
VERBS = st.sampled_from(["POST", "PATCH", "DELETE", "RESTORE"])
CHANGES = st.lists(st.tuples(VERBS, st.integers(0, 9), BODIES), max_size=12)


def shares(one: Entry, other: Entry) -> bool:
    """Whether two entries with instants share time; what runs has no end."""
    lengths = [entry["duration_seconds"] for entry in (one, other)]
    starts = [entry["started_at"] for entry in (one, other)]
    ends = [entry["ended_at"] or "9999" for entry in (one, other)]
    return 0 not in lengths and max(starts) < min(ends)


async def send(client: httpx.AsyncClient, verb: str, where: str, body: Any) -> httpx.Response:
    if verb == "RESTORE":
        return await client.post(f"{where}/restore")
    if verb == "DELETE":
        return await client.delete(where)
    return await client.request(verb, ENTRIES if verb == "POST" else where, json=body)


@many
@given(changes=CHANGES)
async def test_no_two_entries_ever_share_time(
    alice: httpx.AsyncClient, changes: list[tuple[str, int, Entry]]
) -> None:
    await prefer(alice, "overlap", "reject")
    made: list[Entry] = [(await alice.post(ENTRIES, json={"duration_seconds": 0})).json()]
    for verb, place, body in changes:
        before = await everything(alice)
        where = at(made[place % len(made)])
        answer = await send(alice, verb, where, body)
        assert answer.status_code in (200, 201, 204, 404, 409, 422), answer.text
        if answer.status_code == 201:
            made.append(answer.json())
        elif answer.status_code == 409 and answer.json()["code"] == "overlap":
            conflicts = answer.json()["conflicts"]
            assert all(entry in before for entry in conflicts)
            if verb == "POST":
                wanted = body | {"duration_seconds": body.get("duration_seconds"), "ended_at": end_of(body)}
                wanted["started_at"] = wanted["started_at"].replace("+00:00", "Z")
                assert conflicts == in_order([entry for entry in before if meets(entry, wanted)])
    live = [entry for entry in await everything(alice) if entry["started_at"]]
    assert [(one, other) for one, other in combinations(live, 2) if shares(one, other)] == []
    for entry in await everything(alice):
        await alice.delete(at(entry))


def end_of(body: Entry) -> str | None:
    """The end of a new entry."""
    if "duration_seconds" not in body:
        return None
    end = instant(body["started_at"]) + timedelta(seconds=body["duration_seconds"])
    return end.isoformat().replace("+00:00", "Z")


def meets(entry: Entry, wanted: Entry) -> bool:
    return entry["started_at"] is not None and shares(entry, wanted)


def in_order(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry["started_at"], entry["id"]))[:10]
