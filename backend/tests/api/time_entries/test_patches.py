"""Every shape patched into every other, and any sequence of changes: what is stored holds together."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.http.wire import END_OF_TIME, FIRST_INSTANT
from tests.api.tasks.calls import instant
from tests.api.time_entries.calls import (
    CURRENT,
    ENTRIES,
    Entry,
    add,
    at,
    between,
    change,
    clock,
    everything,
    prefer,
    refusal,
    shape,
)
from tests.service import client_of, running, settings_for

NINE, TEN, ELEVEN, NOON = (clock(f"{hour:02}:00") for hour in (9, 10, 11, 12))
INTERVAL = {"started_at": NINE, "ended_at": TEN}
TIMER = {"started_at": NINE}
LATER = "2026-05-03T09:00:00Z"
MORE_THAN_A_DAY = {"started_at": NINE, "duration_seconds": 86_401}
ON_A_DAY = {"duration_seconds": 3600, "entry_date": "2026-05-01"}

PATCHES: list[tuple[Entry, Entry, tuple[Any, ...]]] = [
    # An interval: an end that is sent moves, and the duration follows; a duration moves the end.
    (INTERVAL, {"ended_at": ELEVEN}, (NINE, ELEVEN, "2026-05-01", 7200)),
    (INTERVAL, {"started_at": "2026-04-30T23:00:00Z"}, ("2026-04-30T23:00:00Z", TEN, "2026-04-30", 39600)),
    (INTERVAL, {"duration_seconds": 7200}, (NINE, ELEVEN, "2026-05-01", 7200)),
    (INTERVAL, {"duration_seconds": None}, (NINE, TEN, "2026-05-01", 3600)),
    (INTERVAL, {"started_at": TEN, "duration_seconds": 3600}, (TEN, ELEVEN, "2026-05-01", 3600)),
    (INTERVAL, {"ended_at": NOON, "duration_seconds": 3600}, (ELEVEN, NOON, "2026-05-01", 3600)),
    (INTERVAL, {"started_at": ELEVEN, "ended_at": NOON}, (ELEVEN, NOON, "2026-05-01", 3600)),
    (INTERVAL, {"started_at": None, "duration_seconds": 60}, (clock("09:59"), TEN, "2026-05-01", 60)),
    (INTERVAL, {"ended_at": None, "duration_seconds": 60}, (NINE, clock("09:01"), "2026-05-01", 60)),
    (INTERVAL, {"ended_at": None}, (NINE, None, "2026-05-01", None)),
    (INTERVAL, {"ended_at": None, "started_at": TEN}, (TEN, None, "2026-05-01", None)),
    (INTERVAL, {"started_at": None, "ended_at": None}, (None, None, "2026-05-01", 3600)),
    (
        INTERVAL,
        {"started_at": None, "ended_at": None, "duration_seconds": 60, "entry_date": "2026-05-03"},
        (None, None, "2026-05-03", 60),
    ),
    (INTERVAL, {"entry_date": None}, (NINE, TEN, "2026-05-01", 3600)),
    (INTERVAL, {"entry_date": "2026-05-01"}, (NINE, TEN, "2026-05-01", 3600)),
    (INTERVAL, {"time_zone": "Pacific/Kiritimati"}, (NINE, TEN, "2026-05-01", 3600)),
    (INTERVAL, {"time_zone": "Pacific/Pago_Pago"}, (NINE, TEN, "2026-04-30", 3600)),
    (INTERVAL, {"description": "Roses"}, (NINE, TEN, "2026-05-01", 3600)),
    (INTERVAL, {}, (NINE, TEN, "2026-05-01", 3600)),
    # A timer: an end or a duration stops it.
    (TIMER, {"ended_at": TEN}, (NINE, TEN, "2026-05-01", 3600)),
    (TIMER, {"ended_at": NINE}, (NINE, NINE, "2026-05-01", 0)),
    (TIMER, {"duration_seconds": 3600}, (NINE, TEN, "2026-05-01", 3600)),
    (TIMER, {"started_at": clock("08:00")}, (clock("08:00"), None, "2026-05-01", None)),
    (TIMER, {"ended_at": None}, (NINE, None, "2026-05-01", None)),
    (TIMER, {"started_at": None, "duration_seconds": 60}, (None, None, "2026-05-01", 60)),
    (TIMER, {"description": "Roses"}, (NINE, None, "2026-05-01", None)),
    # A duration on a day: an instant that is sent makes it an interval of the same length.
    (ON_A_DAY, {"duration_seconds": 60}, (None, None, "2026-05-01", 60)),
    (ON_A_DAY, {"entry_date": "2026-05-02"}, (None, None, "2026-05-02", 3600)),
    (ON_A_DAY, {"time_zone": "Asia/Tokyo"}, (None, None, "2026-05-01", 3600)),
    (ON_A_DAY, {"started_at": NINE}, (NINE, TEN, "2026-05-01", 3600)),
    (ON_A_DAY, {"ended_at": TEN}, (NINE, TEN, "2026-05-01", 3600)),
    (ON_A_DAY, {"started_at": LATER}, (LATER, "2026-05-03T10:00:00Z", "2026-05-03", 3600)),
    (ON_A_DAY, {"started_at": NINE, "duration_seconds": None}, (NINE, None, "2026-05-01", None)),
    (ON_A_DAY, {"started_at": NINE, "ended_at": NOON}, (NINE, NOON, "2026-05-01", 10800)),
]  # fmt: skip

CONTRADICTIONS: list[tuple[Entry, Entry, str]] = [
    (INTERVAL, {"ended_at": clock("08:59")}, "/ended_at"),
    (INTERVAL, {"started_at": ELEVEN}, "/started_at"),
    (INTERVAL, {"started_at": NOON, "ended_at": ELEVEN}, "/ended_at"),
    (INTERVAL, {"started_at": None}, "/started_at"),
    (INTERVAL, {"entry_date": "2026-05-02"}, "/entry_date"),
    (INTERVAL, {"started_at": NINE, "ended_at": TEN, "duration_seconds": 60}, "/duration_seconds"),
    (INTERVAL, {"started_at": None, "ended_at": None, "duration_seconds": None}, "/started_at"),
    (INTERVAL, {"started_at": None, "ended_at": None, "duration_seconds": 86_401}, "/duration_seconds"),
    (INTERVAL, {"ended_at": None, "locked": True}, "/locked"),
    (MORE_THAN_A_DAY, {"started_at": None, "ended_at": None}, "/duration_seconds"),
    (TIMER, {"ended_at": clock("08:59")}, "/ended_at"),
    (TIMER, {"started_at": None}, "/started_at"),
    (TIMER, {"locked": True}, "/locked"),
    (TIMER, {"started_at": "9998-12-31T23:59:59Z"}, "/started_at"),
    (ON_A_DAY, {"duration_seconds": None}, "/started_at"),
    (ON_A_DAY, {"duration_seconds": 86_401}, "/duration_seconds"),
    (ON_A_DAY, {"started_at": NINE, "entry_date": "2026-05-02"}, "/entry_date"),
    (ON_A_DAY, {"ended_at": "1970-01-01T00:00:00Z"}, "/duration_seconds"),
]  # fmt: skip


async def test_a_patch_leads_from_shape_to_shape(alice: httpx.AsyncClient) -> None:
    for body, patch, wanted in PATCHES:
        entry = await add(alice, **body)
        changed = await change(alice, entry, **patch)
        assert shape(changed) == wanted, (body, patch)
        assert (await alice.get(at(entry))).json() == changed
        await alice.delete(at(entry))


async def test_a_patch_that_contradicts_what_is_there_is_refused(alice: httpx.AsyncClient) -> None:
    for body, patch, pointer in CONTRADICTIONS:
        entry = await add(alice, **body)
        answer = await alice.patch(at(entry), json=patch)
        assert refusal(answer) == (422, [(pointer, "contradiction")]), (body, patch, answer.text)
        assert (await alice.get(at(entry))).json() == entry
        await alice.delete(at(entry))


async def test_a_put_keeps_nothing_of_the_shape_before(alice: httpx.AsyncClient) -> None:
    entry = await add(alice, **INTERVAL, time_zone="Asia/Tokyo", tags=["home"], description="Roses")
    today = datetime.now(UTC).date().isoformat()
    replaced = (await alice.put(at(entry), json={"duration_seconds": 60})).json()
    assert shape(replaced) in [(None, None, day, 60) for day in (today, datetime.now(UTC).date().isoformat())]
    assert (replaced["time_zone"], replaced["tags"], replaced["description"]) == ("UTC", [], None)
    again = (await alice.put(at(entry), json=TIMER)).json()
    assert shape(again) == (NINE, None, "2026-05-01", None)


async def test_a_cleared_zone_is_the_one_that_is_set(alice: httpx.AsyncClient) -> None:
    entry = await add(alice, **between("23:30", "23:40"), time_zone="UTC")
    await prefer(alice, "time_zone", "Europe/Berlin")
    assert (await change(alice, entry, description="Roses"))["time_zone"] == "UTC"
    changed = await change(alice, entry, time_zone=None)
    assert (changed["time_zone"], changed["entry_date"]) == ("Europe/Berlin", "2026-05-02")


async def test_only_one_timer_runs_whatever_is_patched(alice: httpx.AsyncClient) -> None:
    first = await add(alice, **TIMER)
    tag = (await alice.get(CURRENT)).headers["etag"]
    other, on_a_day = await add(alice), await add(alice, **ON_A_DAY)
    for answer in (
        await alice.patch(at(other), json={"ended_at": None}),
        await alice.patch(at(on_a_day), json={"started_at": TEN, "duration_seconds": None}),
        await alice.put(at(other), json=TIMER),
        await alice.post(ENTRIES, json=TIMER),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "running")
        assert (answer.json()["current"], answer.headers["etag"]) == (first, tag)
    assert await everything(alice) == [first, other, on_a_day]
    assert (await change(alice, first, ended_at=TEN))["seq"] == 4
    assert (await change(alice, other, ended_at=None))["duration_seconds"] is None


many = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])

LIVELY = "01970000-0000-7000-8000-000000000001"
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati", "Australia/Lord_Howe"]
INSTANTS = st.integers(0, int((END_OF_TIME - FIRST_INSTANT).total_seconds()) - 1).map(
    lambda seconds: (FIRST_INSTANT + timedelta(seconds=seconds)).isoformat()
)
SHAPES: dict[str, st.SearchStrategy[Any]] = {
    "started_at": INSTANTS | st.integers(0, 7).map(lambda hour: clock(f"{hour:02}:30")),
    "ended_at": INSTANTS | st.integers(0, 7).map(lambda hour: clock(f"{hour:02}:45")),
    "entry_date": st.sampled_from(["1970-01-01", "2026-05-01", "2026-05-02", "9998-12-31"]),
    "time_zone": st.sampled_from(ZONES),
    "duration_seconds": st.integers(0, 7200) | st.integers(0, 2**40),
}
FIELDS = {name: st.none() | values for name, values in SHAPES.items()} | {"locked": st.booleans()}
BODIES = st.fixed_dictionaries({}, optional=FIELDS)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "RESTORE"]), BODIES), max_size=8
)


async def send(client: httpx.AsyncClient, where: str, verb: str, body: Entry) -> httpx.Response:
    if verb == "POST":
        return await client.post(ENTRIES, json=body)
    if verb == "RESTORE":
        return await client.post(f"{where}/restore")
    return await client.request(verb, where, json=None if verb == "DELETE" else body)


def assert_whole(entry: Entry) -> None:
    """What every stored entry satisfies."""
    start, end, day, seconds = shape(entry)
    if start is None:
        assert end is None
        assert 0 <= seconds <= 86_400
        return
    begun = instant(start)
    # The last days of time have a day of the next year in zones far in the east.
    assert day == begun.astimezone(ZoneInfo(entry["time_zone"])).date().isoformat()
    assert begun.microsecond == 0
    if end is None:
        assert (seconds, entry["locked"]) == (None, False)
    else:
        assert seconds == (instant(end) - begun) / timedelta(seconds=1) >= 0


def told(answer: httpx.Response) -> tuple[int, Any]:
    """An answer without what differs from one time to the next."""
    if not answer.content:
        return answer.status_code, None
    body = answer.json()
    for part in (body, body.get("current", {})):
        for name in ("id", "request_id", "created_at", "updated_at", "deleted_at"):
            part.pop(name, None)
    return answer.status_code, body


@pytest.fixture
async def both(
    sqlite_database_url: str, postgres_database_url: str
) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Alice at the service over SQLite, and at the service over Postgres."""
    async with (
        running(settings_for(sqlite_database_url, auto_migrate=False)) as one,
        running(settings_for(postgres_database_url, auto_migrate=False)) as other,
        client_of(one, "alice") as here,
        client_of(other, "alice") as there,
    ):
        yield [here, there]


@many
@given(first=st.sampled_from([INTERVAL, TIMER, ON_A_DAY]), changes=CHANGES)
async def test_any_changes_leave_whole_entries_and_the_same_on_both_engines(
    both: list[httpx.AsyncClient], first: Entry, changes: list[tuple[str, Entry]]
) -> None:
    places = [at((await client.put(f"{ENTRIES}/{LIVELY}", json=first)).json()) for client in both]
    for verb, body in changes:
        answers = [await send(client, place, verb, body) for client, place in zip(both, places, strict=True)]
        assert told(answers[0]) == told(answers[1]), (verb, body)
        assert answers[0].status_code in (200, 201, 204, 404, 409, 422), answers[0].text
        if answers[0].status_code == 422:
            assert answers[0].json()["errors"], answers[0].text
    for client in both:
        for entry in await everything(client):
            assert_whole(entry)
            if entry["locked"]:
                await client.patch(at(entry), json={"locked": False})
            assert (await client.delete(at(entry))).status_code == 204
        await client.post(f"{ENTRIES}/{LIVELY}/restore")
