"""Any entries, in any zone, over any range: both engines say the same, and what plain Python says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar

from app.core.ids import new_id
from tests.api.entries import Values, book, interval, lasting, running
from tests.api.reports.calls import REPORT
from tests.api.reports.oracle import WEEK_DAYS, begins, days_of, expected, told
from tests.service import client_of, settings_for
from tests.service import running as running_app

# The two services stay the same for all examples: each is a person of its own.
many = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

TRICKY = {
    "America/New_York": date(2021, 3, 14),
    "America/Sao_Paulo": date(2018, 11, 4),
    "America/St_Johns": date(2010, 11, 7),  # the clocks went back to the day before
    "Asia/Kathmandu": date(2021, 5, 1),
    "Asia/Pyongyang": date(2018, 5, 5),
    "Australia/Lord_Howe": date(2021, 4, 4),
    "Europe/Berlin": date(2021, 10, 31),
    "Pacific/Apia": date(2011, 12, 30),
    "Pacific/Kwajalein": date(1993, 8, 21),
}
tricky = st.sampled_from(sorted(TRICKY.items()))
anywhere = st.tuples(
    st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})),
    st.dates(date(1975, 1, 1), date(2024, 12, 31)),
)
GROUPS = [
    "day",
    "week",
    "month",
    "tag",
    "time_code",
    "day,tag",
    "time_code,week",
    "month,week",
    "tag,time_code",
]
NUMBERS = count(1)
CODES = [new_id(), new_id()]


@dataclass(frozen=True)
class Asked:
    """Entries, and a question about them, all within two weeks."""

    entries: list[Values]
    zone: str
    first: date
    last: date
    week_start: str

    def query(self, **more: Any) -> Values:
        """The question as a query string."""
        range_ = {"from": str(self.first), "to": str(self.last)}
        return {**range_, "tz": self.zone, "week_start": self.week_start, **more}


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    """A zone, a range (some near a day when its clocks change), and entries of every shape around it."""
    zone, middle = draw(tricky | anywhere)
    noon = datetime(middle.year, middle.month, middle.day, 12, tzinfo=UTC)
    days = st.integers(-6, 6).map(lambda offset: middle + timedelta(days=offset))
    seconds = st.integers(-8 * 86_400, 8 * 86_400).map(lambda offset: noon + timedelta(seconds=offset))
    midnights = days.map(lambda day: begins(day, ZoneInfo(zone)))
    instants = seconds | midnights
    marks = st.fixed_dictionaries(
        {
            "tags": st.lists(st.sampled_from(["a", "B", "Ä", "="]), unique=True, max_size=2),
            "time_code_id": st.sampled_from([None, *CODES]),
        }
    )
    intervals = st.builds(
        lambda one, other, marks: interval(min(one, other), max(one, other), **marks),
        instants,
        instants,
        marks,
    )
    short = st.builds(
        lambda start, length, marks: interval(start, start + timedelta(seconds=length), **marks),
        *(instants, st.integers(0, 90_000), marks),
    )
    durations = st.builds(
        lambda day, length, marks: lasting(day, length, **marks), days, st.integers(0, 86_400), marks
    )
    timers = st.lists(st.builds(lambda start, marks: running(start, **marks), instants, marks), max_size=1)
    entries = draw(st.lists(intervals | short | durations, min_size=2, max_size=10)) + draw(timers)
    first, last = sorted((draw(days), draw(days)))
    return Asked(entries, zone, first, last, draw(st.sampled_from(WEEK_DAYS)))


@pytest.fixture
async def both(sqlite_database_url: str, postgres_database_url: str) -> AsyncIterator[list[Litestar]]:
    """The service on either engine."""
    urls = [settings_for(url, auto_migrate=False) for url in (sqlite_database_url, postgres_database_url)]
    async with running_app(urls[0]) as one, running_app(urls[1]) as other:
        yield [one, other]


async def people_with(both: list[Litestar], entries: list[Values]) -> list[httpx.AsyncClient]:
    """Someone new who has these entries, at each service."""
    user_id = f"alice-{next(NUMBERS)}"
    entries = [{"id": new_id(), **entry} for entry in entries]
    clients = [client_of(app, user_id) for app in both]
    for app, client in zip(both, clients, strict=True):
        for place, code in enumerate(CODES):
            await client.put(f"/api/v1/time-codes/{code}", json={"code": f"C{place}", "name": "Name"})
        await book(app, user_id, *entries)
    return clients


async def asked_of(clients: list[httpx.AsyncClient], query: Values, accept: str = "*/*") -> bytes:
    """The answer, which is the same at each service."""
    headers = {"Accept": accept}
    answers = [await client.get(REPORT, params=query, headers=headers) for client in clients]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert answers[0].content == answers[1].content
    return answers[0].content


def total_of(report: bytes) -> int:
    """The total of a report."""
    return int(httpx.Response(200, content=report).json()["total_seconds"])


def parts_of(asked: Asked, place: int) -> list[dict[str, str]]:
    """The range in two, parted at one of the days where it can be; a single day stays whole."""
    days = list(days_of(asked.first, asked.last - timedelta(days=1)))
    if not days:
        return [{}]
    day = days[place % len(days)]
    return [{"to": str(day)}, {"from": str(day + timedelta(days=1))}]


@many
@given(asked=questions(), group=st.sampled_from(GROUPS))
async def test_a_report_says_what_plain_python_says(both: list[Litestar], asked: Asked, group: str) -> None:
    clients = await people_with(both, asked.entries)
    answer = await asked_of(clients, asked.query(group=group))
    found = httpx.Response(200, content=answer).json()
    units = group.split(",")
    zone = ZoneInfo(asked.zone)
    wanted = expected(asked.entries, asked.first, asked.last, zone, units, asked.week_start)
    assert told(found) == wanted
    whole = expected(asked.entries, asked.first, asked.last, zone, [], asked.week_start)
    assert (found["total_seconds"], found["entries"]) == whole.get((), (0, 0))
    await asked_of(
        clients, asked.query(group=group, fill="true", rounding="up", rounding_minutes="7"), "text/csv"
    )


@many
@given(asked=questions())
async def test_the_days_add_up_and_no_day_is_overfull(both: list[Litestar], asked: Asked) -> None:
    clients = await people_with(both, asked.entries)
    answer = await asked_of(clients, asked.query(group="day", fill="true"))
    rows = httpx.Response(200, content=answer).json()["rows"]
    assert [row["day"] for row in rows] == [str(day) for day in days_of(asked.first, asked.last)]
    assert sum(row["seconds"] for row in rows) == total_of(answer)
    for group in ("week", "month", "tag", "time_code"):
        assert total_of(await asked_of(clients, asked.query(group=group))) == total_of(answer)
    zone = ZoneInfo(asked.zone)
    for row in rows:
        day = date.fromisoformat(row["day"])
        length = (begins(day + timedelta(days=1), zone) - begins(day, zone)).total_seconds()
        lasts = [entry["duration_seconds"] for entry in asked.entries if "started_at" not in entry]
        on = [entry["entry_date"] == day for entry in asked.entries if "started_at" not in entry]
        durations = sum(seconds for seconds, here in zip(lasts, on, strict=True) if here)
        assert row["seconds"] <= length * (row["entries"] - sum(on)) + durations


@many
@given(asked=questions(), place=st.integers(0, 11))
async def test_a_range_in_two_parts_adds_up_to_the_whole(
    both: list[Litestar], asked: Asked, place: int
) -> None:
    clients = await people_with(both, asked.entries)
    whole = total_of(await asked_of(clients, asked.query()))
    parts = [await asked_of(clients, asked.query(**part)) for part in parts_of(asked, place)]
    assert sum(map(total_of, parts)) == whole
