"""The three shapes of an entry: what is given, what follows from it, and what contradicts itself."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from litestar import Litestar

from app.core.ids import new_id
from app.models.time_entry import DURATION_MAX
from tests.api.tasks.calls import instant
from tests.api.time_entries.calls import (
    ENTRIES,
    add,
    at,
    between,
    clock,
    everything,
    numbers,
    prefer,
    refusal,
    shape,
)

NINE, TEN = clock("09:00"), clock("10:00")
HOUR = (NINE, TEN, "2026-05-01", 3600)

WHOLE: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
    ({"started_at": NINE, "ended_at": TEN}, HOUR),
    ({"started_at": NINE, "duration_seconds": 3600}, HOUR),
    ({"ended_at": TEN, "duration_seconds": 3600}, HOUR),
    ({"started_at": NINE, "ended_at": TEN, "duration_seconds": 3600}, HOUR),
    ({"started_at": NINE, "ended_at": TEN, "entry_date": "2026-05-01"}, HOUR),
    ({"started_at": "2026-05-01T11:00:00+02:00", "ended_at": "2026-05-01T05:00:00-05:00"}, HOUR),
    ({"started_at": "2026-05-01T09:00:00.999999Z", "ended_at": "2026-05-01T10:00:00.1Z"}, HOUR),
    ({"started_at": "2026-05-01T09:00:00.9Z", "duration_seconds": 3600}, HOUR),
    ({"started_at": NINE, "ended_at": NINE}, (NINE, NINE, "2026-05-01", 0)),
    ({"started_at": NINE, "duration_seconds": 0}, (NINE, NINE, "2026-05-01", 0)),
    (
        {"started_at": "2026-05-01T09:00:00.9Z", "ended_at": "2026-05-01T09:00:00.1Z"},
        (NINE, NINE, "2026-05-01", 0),
    ),
    ({"started_at": NINE}, (NINE, None, "2026-05-01", None)),
    ({"started_at": NINE, "ended_at": None, "duration_seconds": None}, (NINE, None, "2026-05-01", None)),
    ({"duration_seconds": 60, "entry_date": "2026-05-01"}, (None, None, "2026-05-01", 60)),
    ({"duration_seconds": 0, "entry_date": "1970-01-01"}, (None, None, "1970-01-01", 0)),
    ({"duration_seconds": 86_400, "entry_date": "9998-12-31"}, (None, None, "9998-12-31", 86_400)),
]

CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({}, "/started_at"),
    ({"description": "Nothing"}, "/started_at"),
    ({"entry_date": "2026-05-01"}, "/started_at"),
    ({"ended_at": TEN}, "/started_at"),
    ({"started_at": TEN, "ended_at": NINE}, "/ended_at"),
    ({"started_at": TEN, "ended_at": NINE, "duration_seconds": 3600}, "/ended_at"),
    ({"started_at": NINE, "ended_at": TEN, "duration_seconds": 3599}, "/duration_seconds"),
    ({"started_at": NINE, "ended_at": TEN, "entry_date": "2026-05-02"}, "/entry_date"),
    ({"started_at": NINE, "entry_date": "2026-04-30"}, "/entry_date"),
    ({"ended_at": clock("00:30"), "duration_seconds": 3600, "entry_date": "2026-05-01"}, "/entry_date"),
    ({"duration_seconds": 86_401}, "/duration_seconds"),
    ({"started_at": NINE, "locked": True}, "/locked"),
    ({"started_at": "9998-12-31T23:59:59Z", "duration_seconds": 1}, "/duration_seconds"),
    ({"started_at": NINE, "duration_seconds": DURATION_MAX}, "/duration_seconds"),
    ({"ended_at": "1970-01-01T00:00:00Z", "duration_seconds": 1}, "/duration_seconds"),
    ({"ended_at": NINE, "duration_seconds": DURATION_MAX}, "/duration_seconds"),
    ({"started_at": "9998-12-31T23:59:59Z"}, "/started_at"),
]

INVALID: list[tuple[dict[str, Any], str]] = [
    ({"duration_seconds": -1}, "/duration_seconds"),
    ({"duration_seconds": DURATION_MAX + 1}, "/duration_seconds"),
    ({"duration_seconds": 1.5}, "/duration_seconds"),
    ({"duration_seconds": "60"}, "/duration_seconds"),
    ({"duration_seconds": True}, "/duration_seconds"),
    ({"started_at": "2026-05-01T09:00:00"}, "/started_at"),
    ({"started_at": "2026-05-01"}, "/started_at"),
    ({"started_at": 1777626000}, "/started_at"),
    ({"started_at": "1969-12-31T23:59:59Z"}, "/started_at"),
    ({"started_at": NINE, "ended_at": "9999-01-01T00:00:00Z"}, "/ended_at"),
    ({"started_at": "9999-12-31T23:59:59-14:00"}, "/started_at"),
    ({"started_at": "0001-01-01T00:00:00+14:00"}, "/started_at"),
    ({"duration_seconds": 1, "entry_date": "1969-12-31"}, "/entry_date"),
    ({"duration_seconds": 1, "entry_date": "9999-01-01"}, "/entry_date"),
    ({"duration_seconds": 1, "entry_date": "2026-02-30"}, "/entry_date"),
    ({"duration_seconds": 1, "entry_date": NINE}, "/entry_date"),
    ({"duration_seconds": 1, "time_zone": "Europe/Atlantis"}, "/time_zone"),
    ({"duration_seconds": 1, "time_zone": "europe/berlin"}, "/time_zone"),
    ({"duration_seconds": 1, "time_zone": "localtime"}, "/time_zone"),
    ({"duration_seconds": 1, "time_zone": "../UTC"}, "/time_zone"),
    ({"duration_seconds": 1, "time_zone": "+02:00"}, "/time_zone"),
    ({"duration_seconds": 1, "time_zone": ""}, "/time_zone"),
    ({"duration_seconds": 1, "time_zone": "A" * 65}, "/time_zone"),
    ({"duration_seconds": 1, "tags": ["home", "home"]}, "/tags"),
    ({"duration_seconds": 1, "tags": [""]}, "/tags/0"),
    ({"duration_seconds": 1, "locked": None}, "/locked"),
    ({"duration_seconds": 1, "task_id": "7"}, "/task_id"),
]

DAYS = [
    ("Europe/Berlin", "2026-04-30T21:59:59Z", "2026-04-30"),
    ("Europe/Berlin", "2026-04-30T22:00:00Z", "2026-05-01"),
    ("Europe/Berlin", "2026-03-28T22:59:59Z", "2026-03-28"),
    ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29"),
    ("Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-29"),
    ("Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30"),
    ("Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-25"),
    ("Europe/Berlin", "2026-10-25T23:00:00Z", "2026-10-26"),
    ("Asia/Kathmandu", "2026-04-30T18:14:59Z", "2026-04-30"),
    ("Asia/Kathmandu", "2026-04-30T18:15:00Z", "2026-05-01"),
    ("Pacific/Honolulu", "2026-05-01T09:59:59Z", "2026-04-30"),
    ("Pacific/Honolulu", "2026-05-01T10:00:00Z", "2026-05-01"),
    # Lord Howe is 10:30 ahead, and 11:00 in summer, which ends on April 5th and begins on October 4th.
    ("Australia/Lord_Howe", "2026-04-04T12:59:59Z", "2026-04-04"),
    ("Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-04-05T13:29:59Z", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-04-05T13:30:00Z", "2026-04-06"),
    ("Australia/Lord_Howe", "2026-10-04T12:59:59Z", "2026-10-04"),
    # Cairo's clocks skip midnight itself; Apia had no December 30th.
    ("Africa/Cairo", "2026-04-23T21:59:59Z", "2026-04-23"),
    ("Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-24"),
    ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"),
    ("Pacific/Honolulu", "1970-01-01T00:00:00Z", "1969-12-31"),
    ("Pacific/Kiritimati", "1970-01-01T00:00:00Z", "1969-12-31"),
    ("Asia/Tokyo", "1970-01-01T00:00:00Z", "1970-01-01"),
    ("Pacific/Kiritimati", "9998-12-31T23:59:59Z", "9999-01-01"),
    ("Pacific/Pago_Pago", "9998-12-31T23:59:59Z", "9998-12-31"),
]


async def test_an_entry_is_completed_from_what_is_given(alice: httpx.AsyncClient) -> None:
    for body, wanted in WHOLE:
        for method, where in (("POST", ENTRIES), ("PUT", f"{ENTRIES}/{new_id()}")):
            answer = await alice.request(method, where, json=body)
            assert answer.status_code == 201, (body, answer.text)
            entry = answer.json()
            assert (shape(entry), entry["time_zone"]) == (wanted, "UTC"), body
            assert (await alice.get(at(entry))).content == answer.content
            assert (await alice.delete(at(entry))).status_code == 204


async def test_what_contradicts_itself_is_refused_and_changes_nothing(alice: httpx.AsyncClient) -> None:
    before = await add(alice)
    for body, pointer in CONTRADICTIONS:
        for answer in (await alice.post(ENTRIES, json=body), await alice.put(at(before), json=body)):
            assert refusal(answer) == (422, [(pointer, "contradiction")]), (body, answer.text)
    assert await everything(alice) == [before]
    assert (await add(alice))["seq"] == 2


async def test_what_is_no_shape_at_all_is_refused(alice: httpx.AsyncClient) -> None:
    before = await add(alice)
    for body, pointer in INVALID:
        for answer in (
            await alice.post(ENTRIES, json=body),
            await alice.put(at(before), json=body),
            await alice.patch(at(before), json=body),
        ):
            is_unknown = 0 < len(str(body.get("time_zone", ""))) <= 64
            code = "unknown_zone" if is_unknown else "invalid"
            assert refusal(answer) == (422, [(pointer, code)]), (body, answer.text)
    assert await everything(alice) == [before]


async def test_the_day_is_that_of_the_start_in_the_zone(alice: httpx.AsyncClient) -> None:
    for zone, started_at, day in DAYS:
        entry = await add(alice, started_at=started_at, ended_at=started_at, time_zone=zone)
        assert shape(entry) == (started_at, started_at, day, 0), (zone, started_at)
    pages = [(await alice.get(ENTRIES, params={"sort": sort})).json()["items"] for sort in ("day", "-day")]
    days = [entry["entry_date"] for entry in pages[0]]
    assert days == sorted(day for _, _, day in DAYS)
    assert pages[1] == pages[0][::-1]


async def test_the_day_must_be_that_of_the_zone(alice: httpx.AsyncClient) -> None:
    late = {**between("23:30", "23:45"), "time_zone": "Europe/Berlin"}
    answer = await alice.post(ENTRIES, json=late | {"entry_date": "2026-05-01"})
    assert refusal(answer) == (422, [("/entry_date", "contradiction")])
    assert "2026-05-02" in answer.json()["errors"][0]["message"]
    assert (await add(alice, **late, entry_date="2026-05-02"))["entry_date"] == "2026-05-02"


async def test_the_zone_is_the_one_that_is_set_else_utc(alice: httpx.AsyncClient) -> None:
    late = between("23:30", "23:45")
    assert (await add(alice, **late))["time_zone"] == "UTC"
    await prefer(alice, "time_zone", "Asia/Kathmandu")
    entry = await add(alice, **late)
    assert (entry["time_zone"], entry["entry_date"]) == ("Asia/Kathmandu", "2026-05-02")
    entry = await add(alice, **late, time_zone="Pacific/Honolulu")
    assert (entry["time_zone"], entry["entry_date"]) == ("Pacific/Honolulu", "2026-05-01")
    await alice.delete("/api/v1/config/time_zone")
    assert (await add(alice, **late))["time_zone"] == "UTC"


async def test_a_duration_alone_is_spent_today(alice: httpx.AsyncClient) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        days = [datetime.now(UTC).astimezone(ZoneInfo(zone)).date().isoformat()]
        entry = await add(alice, duration_seconds=60, time_zone=zone)
        days.append(datetime.now(UTC).astimezone(ZoneInfo(zone)).date().isoformat())
        assert entry["entry_date"] in days


async def test_all_of_time_fits_into_one_entry(alice: httpx.AsyncClient) -> None:
    ends = {"started_at": "1970-01-01T00:00:00Z", "ended_at": "9998-12-31T23:59:59Z"}
    entry = await add(alice, **ends)
    length = int((instant(ends["ended_at"]) - instant(ends["started_at"])).total_seconds())
    assert entry["duration_seconds"] == length <= DURATION_MAX
    assert shape(await add(alice, started_at=ends["started_at"], duration_seconds=length)) == shape(entry)


@pytest.mark.parametrize("seconds", [240, 360])
async def test_a_clock_may_be_five_minutes_ahead(alice: httpx.AsyncClient, seconds: int) -> None:
    ahead = datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC).isoformat()
    answer = await alice.post(ENTRIES, json={"started_at": ahead})
    if seconds < 300:
        assert answer.status_code == 201
    else:
        assert refusal(answer) == (422, [("/started_at", "contradiction")])


async def test_a_refused_entry_takes_no_number(alice: httpx.AsyncClient, app: Litestar) -> None:
    await add(alice)
    assert (await alice.post(ENTRIES, json={})).status_code == 422
    assert await numbers(app) == [1, 1]
