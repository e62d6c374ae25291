"""Over random zones, entries and ranges, the report says what is reckoned here, and parts add up."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar

from app.core.days import start_of, zone_of
from tests.api.entries import book, interval, lasting, listed, on
from tests.api.task_reports.test_task_reports import REPORT
from tests.api.tasks.calls import add
from tests.service import client_of

NUMBERS = count()
FIRST = date(2026, 3, 1)
DAYS = st.integers(0, 60).map(lambda days: FIRST + timedelta(days=days))
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
INTERVALS = st.tuples(
    st.integers(-3 * 86400, 63 * 86400), st.one_of(st.integers(0, 7200), st.integers(0, 90 * 86400))
)

Interval = tuple[datetime, datetime]


def ends(start_and_length: tuple[int, int]) -> Interval:
    start, length = start_and_length
    started_at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=start)
    return started_at, started_at + timedelta(seconds=length)


def reckoned(
    intervals: Iterable[Interval], durations: Iterable[tuple[date, int]], first: date, last: date, tz: str
) -> int:
    """The seconds of the entries that lie in the range."""
    low, high = start_of(first, zone_of(tz)), start_of(last + timedelta(days=1), zone_of(tz))
    within = (max(min(end, high) - max(start, low), timedelta()) for start, end in intervals)
    seconds = int(sum(within, timedelta()).total_seconds())
    return seconds + sum(length for day, length in durations if first <= day <= last)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    intervals=st.lists(INTERVALS.map(ends), max_size=5),
    durations=st.lists(st.tuples(DAYS, st.integers(0, 86_400)), max_size=2),
    days=st.lists(DAYS, min_size=2, max_size=2).map(sorted),
    share=st.floats(0, 1),
    tz=ZONES,
)
async def test_a_range_holds_what_is_reckoned_and_its_parts_add_up(
    app: Litestar,
    intervals: list[Interval],
    durations: list[tuple[date, int]],
    days: list[date],
    share: float,
    tz: str,
) -> None:
    user_id = f"alice-{next(NUMBERS)}"
    first, last = days
    middle = first + (last - first) * share
    async with client_of(app, user_id) as alice:
        task = await add(alice, estimate_seconds=1)
        entries = [interval(*ends, **on(task)) for ends in intervals]
        entries += [lasting(day, length, **on(task)) for day, length in durations]
        await book(app, user_id, *entries)

        async def seconds(first: date, last: date) -> Any:
            [found] = await listed(alice, REPORT, **{"from": str(first), "to": str(last)}, tz=tz)
            return found["tracked_seconds"]

        whole = await seconds(first, last)
        assert whole == reckoned(intervals, durations, first, last, tz)
        if middle < last:
            assert await seconds(first, middle) + await seconds(middle + timedelta(days=1), last) == whole
