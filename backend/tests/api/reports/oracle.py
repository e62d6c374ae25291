"""What a report should say, in plain Python: slowly, and from the clocks alone."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.api.entries import Values

Amounts = dict[tuple[Any, ...], tuple[int, int]]
"""Seconds and entries, by what is grouped by."""

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEK_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@lru_cache(maxsize=100_000)
def begins(day: date, zone: ZoneInfo) -> datetime:
    """The first minute at which the clocks show this day, or a later one: looked for from two days before."""
    moment = datetime.combine(day, time.min, UTC) - 2 * DAY
    while moment.astimezone(zone).date() < day:
        moment += MINUTE
    return moment


def days_of(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last."""
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))


def shares_of(entry: Values, first: date, last: date, zone: ZoneInfo) -> dict[date, int]:
    """The seconds that an entry has on each of the days."""
    if entry.get("started_at") is None:
        return (
            {entry["entry_date"]: entry["duration_seconds"]} if first <= entry["entry_date"] <= last else {}
        )
    start, end = entry["started_at"], entry.get("ended_at") or datetime.now(UTC)
    shares = {}
    for day in days_of(first, last):
        begin, stop = begins(day, zone), begins(day + DAY, zone)
        if max(start, begin) < min(end, stop) or (start == end and begin <= start < stop):
            shares[day] = int((min(end, stop) - max(start, begin)).total_seconds())
    return shares


def keys_of(entry: Values, day: date, group: list[str], week_start: str) -> Iterator[tuple[Any, ...]]:
    """What an entry's time on a day is grouped under."""
    back = (day.weekday() - WEEK_DAYS.index(week_start)) % 7
    for tag in entry["tags"] or [None] if "tag" in group else [None]:
        found = {
            "day": day.isoformat(),
            "week": (day - timedelta(days=back)).isoformat(),
            "month": day.isoformat()[:7],
            "time_code": entry.get("time_code_id") and str(entry["time_code_id"]),
            "tag": tag,
        }
        yield tuple(found[unit] for unit in group)


def expected(
    entries: list[Values], first: date, last: date, zone: ZoneInfo, group: list[str], week_start: str
) -> Amounts:
    """The rows that a report should have."""
    seconds: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    counted: defaultdict[tuple[Any, ...], set[int]] = defaultdict(set)
    for number, entry in enumerate(entries):
        for day, share in shares_of(entry, first, last, zone).items():
            for key in keys_of(entry, day, group, week_start):
                seconds[key] += share
                counted[key].add(number)
    return {key: (seconds[key], len(counted[key])) for key in seconds}


def told(report: Values) -> Amounts:
    """The rows that a report has."""
    keys = ["time_code_id" if unit == "time_code" else unit for unit in report["group"]]
    return {tuple(row[key] for key in keys): (row["seconds"], row["entries"]) for row in report["rows"]}
