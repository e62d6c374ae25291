"""Buckets: the stretches of local time that a report adds up in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from app.core.days import start_of

TIME_UNITS: Final = ("day", "week", "month")

DAY_SECONDS: Final = 86_400


@dataclass(frozen=True)
class Bucket:
    """Whole local days in a row, both ends included, from `start` up to and without `end`, in UTC.

    `keys` are the day, week (the day it starts on) and month ("2026-11") that it was made by. `number`
    counts the buckets of some length, each beginning where the one before ends. Those of days that the
    zone skipped have no length: theirs come after a gap, so that no number leads to them.
    """

    number: int
    keys: dict[str, date | str]
    first: date
    last: date
    start: datetime
    end: datetime


def buckets_of(
    first: date, last: date, zone: ZoneInfo, units: tuple[str, ...], week_start: int
) -> list[Bucket]:
    """The buckets of these days: one for each distinct tuple of the units of time, in order.

    `units` are among day, week and month; of none of them there is one bucket. Weeks start on
    `week_start`, Monday being 0.
    """
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    ranges = []
    for keys, run in groupby(days, lambda day: [_key(day, unit, week_start) for unit in units]):
        listed = list(run)
        ranges.append((dict(zip(units, keys, strict=True)), listed[0], listed[-1]))
    edges = [start_of(begin, zone) for _, begin, _ in ranges]
    edges.append(start_of(last + timedelta(days=1), zone))
    return [
        Bucket(number, *range_, *edges)
        for number, range_, edges in zip(_numbers(edges), ranges, pairwise(edges), strict=True)
    ]


def _numbers(edges: list[datetime]) -> Iterator[int]:
    number, empty = 0, len(edges)
    for start, end in pairwise(edges):
        if start < end:
            yield number
            number += 1
        else:
            yield empty
            empty += 1


def _key(day: date, unit: str, week_start: int) -> date | str:
    match unit:
        case "week":
            return day - timedelta(days=(day.weekday() - week_start) % 7)
        case "month":
            return f"{day:%Y-%m}"
        case _:
            return day


def rows_of(buckets: list[Bucket]) -> list[list[int]]:
    """The buckets as statements take them, in one JSON array: number, start and end in seconds since 1970."""
    return [[bucket.number, _second(bucket.start), _second(bucket.end)] for bucket in buckets]


def slots_of(buckets: list[Bucket]) -> list[list[int]]:
    """Where to look for the bucket of an instant, for statements: a day of UTC, counted from 1970, and the
    number of a bucket that has a part of it.

    To find it by its edges, Postgres would compare every entry with every bucket.
    """
    return [
        [day, bucket.number]
        for bucket in buckets
        if bucket.start < bucket.end
        for day in range(_second(bucket.start) // DAY_SECONDS, -(-_second(bucket.end) // DAY_SECONDS))
    ]


def days_of(buckets: list[Bucket]) -> list[list[object]]:
    """The local days, for statements: each with the number of its bucket."""
    return [
        [(bucket.first + timedelta(days=offset)).isoformat(), bucket.number]
        for bucket in buckets
        for offset in range((bucket.last - bucket.first).days + 1)
    ]


def _second(instant: datetime) -> int:
    return int(instant.timestamp())
