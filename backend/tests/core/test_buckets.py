"""Buckets: each local day is in one, they follow each other, and each is known by its week and month."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from app.core.buckets import Bucket, buckets_of, days_of, rows_of, slots_of

zones = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})).map(ZoneInfo)
days = st.dates(date(1970, 1, 1), date(2100, 1, 1))
units = st.sampled_from([(), ("day",), ("week",), ("month",), ("day", "week"), ("month", "week")])


@given(first=days, length=st.integers(0, 100), zone=zones, units=units, week_start=st.integers(0, 6))
def test_the_buckets_cover_the_range_without_a_gap(
    first: date, length: int, zone: ZoneInfo, units: tuple[str, ...], week_start: int
) -> None:
    last = first + timedelta(days=length)
    found = buckets_of(first, last, zone, units, week_start)
    assert (found[0].first, found[-1].last) == (first, last)
    for one, other in pairwise(found):
        assert other.first - one.last == timedelta(days=1)
        assert one.keys != other.keys
        assert one.start <= one.end == other.start
    for bucket in found:
        if "week" in units:
            start = bucket.keys["week"]
            assert isinstance(start, date)
            assert start.weekday() == week_start
            assert start <= bucket.first <= bucket.last < start + timedelta(days=7)
        if "month" in units:
            assert bucket.keys["month"] == bucket.first.isoformat()[:7] == bucket.last.isoformat()[:7]
        if "day" in units:
            assert bucket.keys["day"] == bucket.first == bucket.last
    lengths = [bucket for bucket in found if bucket.start < bucket.end]
    assert [bucket.number for bucket in lengths] == list(range(len(lengths)))
    assert all(bucket.number > len(lengths) for bucket in found if bucket.start == bucket.end)


@given(day=days, zone=zones)
def test_a_day_begins_with_the_first_instant_that_the_clocks_call_it(day: date, zone: ZoneInfo) -> None:
    [bucket] = buckets_of(day, day, zone, (), 0)
    second = timedelta(seconds=1)
    assert (bucket.start - second).astimezone(zone).date() < day
    if bucket.start < bucket.end:
        assert bucket.start.astimezone(zone).date() == day


def test_a_day_that_the_zone_skips_has_no_length() -> None:
    found = buckets_of(date(2011, 12, 29), date(2011, 12, 31), ZoneInfo("Pacific/Apia"), ("day",), 0)
    assert [bucket.number for bucket in found] == [0, 4, 1]
    assert [bucket.end - bucket.start for bucket in found] == [
        timedelta(hours=24),
        timedelta(0),
        timedelta(hours=24),
    ]


def test_buckets_are_bound_as_statements_read_them() -> None:
    start, end = (datetime(1970, 1, day, 23, tzinfo=UTC) for day in (2, 4))
    bucket = Bucket(3, {}, date(1970, 1, 3), date(1970, 1, 4), start, end)
    empty = Bucket(5, {}, date(1970, 1, 5), date(1970, 1, 5), end, end)
    hours = 3600
    assert rows_of([bucket, empty]) == [[3, 47 * hours, 95 * hours], [5, 95 * hours, 95 * hours]]
    assert slots_of([bucket, empty]) == [[1, 3], [2, 3], [3, 3]]
    assert days_of([bucket, empty]) == [["1970-01-03", 3], ["1970-01-04", 3], ["1970-01-05", 5]]
