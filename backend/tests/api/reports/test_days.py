"""Days as they are where the person is: split at local midnight, and as long as the clocks make them."""

from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.api.entries import book, interval, lasting, running
from tests.api.reports.calls import hours, report, seconds

WHOLE = {"fill": "true", "group": "day"}


@pytest.mark.parametrize(
    ("tz", "days"),
    [
        ("Europe/Berlin", {"2026-03-28": "24:00", "2026-03-29": "23:00", "2026-03-30": "24:00"}),
        ("Europe/Berlin", {"2026-10-24": "24:00", "2026-10-25": "25:00", "2026-10-26": "24:00"}),
        ("America/New_York", {"2026-03-07": "24:00", "2026-03-08": "23:00", "2026-03-09": "24:00"}),
        ("America/New_York", {"2026-10-31": "24:00", "2026-11-01": "25:00", "2026-11-02": "24:00"}),
        ("Australia/Lord_Howe", {"2026-04-04": "24:00", "2026-04-05": "24:30", "2026-04-06": "24:00"}),
        ("Australia/Lord_Howe", {"2026-10-03": "24:00", "2026-10-04": "23:30", "2026-10-05": "24:00"}),
        ("Asia/Kathmandu", {"2026-03-28": "24:00", "2026-03-29": "24:00", "2026-03-30": "24:00"}),
        ("Asia/Kathmandu", {"1985-12-31": "24:00", "1986-01-01": "23:45", "1986-01-02": "24:00"}),
        ("America/Sao_Paulo", {"2018-11-03": "24:00", "2018-11-04": "23:00", "2018-11-05": "24:00"}),
        ("Pacific/Apia", {"2011-12-29": "24:00", "2011-12-30": "00:00", "2011-12-31": "24:00"}),
    ],
)
async def test_a_day_is_as_long_as_the_clocks_make_it(
    app: Litestar, alice: httpx.AsyncClient, tz: str, days: dict[str, str]
) -> None:
    await book(app, "alice", interval("1985-01-01", "2027-01-01"))
    found = await seconds(alice, min(days), max(days), tz=tz, **WHOLE)
    assert found == {day: hours(length) for day, length in days.items()}


@pytest.mark.parametrize(
    ("tz", "start", "end", "days"),
    [
        # Berlin, clocks forward: 23:30 (UTC+1) to 03:30 (UTC+2) is three hours, half of one before midnight.
        (
            "Europe/Berlin",
            *("2026-03-28T23:30:00+01:00", "2026-03-29T03:30:00+02:00"),
            {"2026-03-28": "00:30", "2026-03-29": "02:30"},
        ),
        # Berlin, clocks back: 23:30 (UTC+2) to 03:30 (UTC+1) is five.
        (
            "Europe/Berlin",
            *("2026-10-24T23:30:00+02:00", "2026-10-25T03:30:00+01:00"),
            {"2026-10-24": "00:30", "2026-10-25": "04:30"},
        ),
        # New York, the hour that comes twice: from the first 01:30 to the second.
        (
            "America/New_York",
            *("2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"),
            {"2026-11-01": "01:00"},
        ),
        # Lord Howe, half an hour forward at 02:00.
        (
            "Australia/Lord_Howe",
            *("2026-10-03T22:00:00+10:30", "2026-10-05T01:00:00+11:00"),
            {"2026-10-03": "02:00", "2026-10-04": "23:30", "2026-10-05": "01:00"},
        ),
        # Kathmandu is a quarter of an hour off everybody's midnight.
        (
            "Asia/Kathmandu",
            *("2026-05-01T17:00:00Z", "2026-05-01T19:00:00Z"),
            {"2026-05-01": "01:15", "2026-05-02": "00:45"},
        ),
        # Apia went from the 29th straight to the 31st.
        (
            "Pacific/Apia",
            *("2011-12-29T23:00:00-10:00", "2011-12-31T01:00:00+14:00"),
            {"2011-12-29": "01:00", "2011-12-31": "01:00"},
        ),
    ],
)
async def test_an_entry_over_midnight_is_split(
    app: Litestar, alice: httpx.AsyncClient, tz: str, start: str, end: str, days: dict[str, str]
) -> None:
    await book(app, "alice", interval(start, end))
    found = await report(alice, min(days), max(days), tz=tz)
    assert {row["day"]: row["seconds"] for row in found["rows"]} == {
        day: hours(length) for day, length in days.items()
    }
    assert (found["entries"], found["total_seconds"]) == (1, sum(map(hours, days.values())))


async def test_an_entry_that_ends_at_midnight_is_of_one_day(app: Litestar, alice: httpx.AsyncClient) -> None:
    await book(app, "alice", interval("2026-05-01T22:00", "2026-05-02T00:00"))
    assert await seconds(alice, "2026-05-01", "2026-05-02") == {"2026-05-01": 7200}
    assert await seconds(alice, "2026-05-02", "2026-05-02") == {}


async def test_what_reaches_into_the_range_counts_from_its_start(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    await book(
        app,
        "alice",
        interval("2026-05-09T23:00", "2026-05-10T01:00"),
        interval("2026-05-01T00:00", "2026-05-10T02:00"),
        interval("2026-05-08T00:00", "2026-05-09T00:00"),
        interval("2026-05-01T00:00", "2026-05-10T00:00"),
        interval("2026-05-08T23:59:59", "2026-05-10T00:00:01"),
        interval("2026-05-09T00:00:30", "2026-05-10T00:00:20"),
    )
    found = await report(alice, "2026-05-10", "2026-05-10")
    assert (found["rows"], found["entries"]) == (
        [{"day": "2026-05-10", "seconds": 3600 + 7200 + 1 + 20, "entries": 4}],
        4,
    )


async def test_a_duration_belongs_to_its_day_in_every_zone(app: Litestar, alice: httpx.AsyncClient) -> None:
    long = 24 * 3600
    await book(app, "alice", lasting("2026-05-01", 600), lasting("2026-05-02", long))
    for tz in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        assert await seconds(alice, "2026-05-01", "2026-05-03", tz=tz) == {
            "2026-05-01": 600,
            "2026-05-02": long,
        }


async def test_a_duration_on_a_day_that_the_zone_skips_is_kept(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    await book(app, "alice", lasting("2011-12-30", 600), interval("2011-12-29", "2012-01-02"))
    skipped = {"day": "2011-12-30", "seconds": 600, "entries": 1}
    found = await report(alice, "2011-12-29", "2011-12-31", tz="Pacific/Apia")
    assert found["rows"][1] == skipped
    assert [row["seconds"] for row in found["rows"]] == [86_400, 600, 86_400]
    found = await report(alice, "2011-12-30", "2011-12-30", tz="Pacific/Apia")
    assert (found["rows"], found["entries"]) == ([skipped], 1)
    found = await report(alice, "2011-12-30", "2011-12-31", tz="Pacific/Apia")
    assert ([row["seconds"] for row in found["rows"]], found["entries"]) == ([600, 86_400], 2)


async def test_an_entry_of_no_length_is_counted_once(app: Litestar, alice: httpx.AsyncClient) -> None:
    await book(app, "alice", interval("2026-05-01T00:00", "2026-05-01T00:00"), lasting("2026-05-02", 0))
    assert (await report(alice, "2026-05-01", "2026-05-02"))["rows"] == [
        {"day": "2026-05-01", "seconds": 0, "entries": 1},
        {"day": "2026-05-02", "seconds": 0, "entries": 1},
    ]


async def test_the_first_and_the_last_day_there_are(app: Litestar, alice: httpx.AsyncClient) -> None:
    await book(app, "alice", interval("1970-01-01T00:00", "1970-01-01T00:01"))
    await book(app, "alice", interval("9998-12-31T23:59", "9998-12-31T23:59:59"))
    for tz in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        first = await report(alice, "1970-01-01", "1970-01-02", tz=tz, group="week")
        last = await report(alice, "9998-12-30", "9998-12-31", tz=tz, group="week")
        assert {first["total_seconds"], last["total_seconds"]} <= {0, 59, 60}
    assert (await report(alice, "1970-01-01", "1970-01-01"))["total_seconds"] == 60
    assert (await report(alice, "9998-12-31", "9998-12-31"))["total_seconds"] == 59


@pytest.mark.parametrize(
    "query", [{}, {"group": "month,week"}, {"group": "task"}, {"group": "tag,week", "fill": "true"}]
)
async def test_nothing_is_there_before_anything_is_tracked(
    alice: httpx.AsyncClient, query: dict[str, Any]
) -> None:
    found = await report(alice, "2026-05-01", "2026-05-03", **query)
    assert (found["total_seconds"], found["entries"], found["running"]) == (0, 0, False)
    assert [row["seconds"] for row in found["rows"]] == ([0] if query.get("fill") else [])


async def test_a_running_timer_counts_up_to_now(app: Litestar, alice: httpx.AsyncClient) -> None:
    await book(app, "alice", running("2020-01-01T12:00"))
    assert await seconds(alice, "2020-01-01", "2020-01-02") == {"2020-01-01": 12 * 3600, "2020-01-02": 86_400}
    assert (await report(alice, "2020-01-02", "2020-01-03"))["running"]
    assert not (await report(alice, "2019-12-01", "2019-12-31"))["running"]
    before = (await report(alice, "2020-01-01", "2029-12-01", group="month,tag"))["total_seconds"]
    after = (await report(alice, "2020-01-01", "2029-12-01", group="task"))["total_seconds"]
    assert 0 <= after - before < 60


async def test_a_timer_that_starts_in_the_future_counts_nothing(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    await book(app, "alice", running("9000-01-01T12:00"))
    assert (await report(alice, "9000-01-01", "9000-01-03"))["rows"] == [
        {"day": "9000-01-01", "seconds": 0, "entries": 1}
    ]
    found = await report(alice, "9000-01-02", "9000-01-03")
    assert (found["rows"], found["running"]) == ([], False)
