"""The rows to measure on: so many people with so many tasks each, and some who track their time."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.core.text import fold

EPOCH: Final = "0benchmark00"
"""Every person's, so that cursors can be written down before there is a row."""
FIRST_MOMENT: Final = datetime(2020, 1, 1, tzinfo=UTC)
ENTRY_DAY: Final = date(2025, 1, 1)
ENTRY_DAYS: Final = 365
UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)
VERBS: Final = ("Water", "Paint", "Repair", "Read", "Sort", "Call", "Plan", "Écrire")
THINGS: Final = (
    "the plants",
    "the fence",
    "the bicycle",
    "the report",
    "old photos",
    "grandmother",
    "a trip",
)
PRIORITIES: Final = ("none", "none", "low", "medium", "high", "urgent")
TAGS: Final = ("[]", '["home"]', '["home","garden"]', '["work"]', "[]")

TASK_COLUMNS: Final = (
    *("user_id", "id", "created_at", "updated_at", "seq", "title", "title_key", "description"),
    *("description_key", "completed", "completed_at", "priority", "due_on", "due_at", "tags"),
    "estimate_seconds",
)
ENTRY_COLUMNS: Final = (
    *("user_id", "id", "created_at", "updated_at", "seq", "description", "description_key", "started_at"),
    *("ended_at", "entry_date", "time_zone", "duration_seconds", "tags", "locked"),
)
HEAD_COLUMNS: Final = ("user_id", "epoch", "seq", "purged_seq")

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Shape:
    """How much of everything. The first `trackers` people have so many `entries` beside their tasks."""

    users: int
    tasks: int
    trackers: int = 0
    entries: int = 0


class Table(NamedTuple):
    """A table's rows, in the order of its key."""

    name: str
    columns: tuple[str, ...]
    rows: Iterator[Row]


def user_of(number: int) -> str:
    """A person's `sub`: 32 characters, as issuers write them."""
    return f"person{number:026d}"


def task_id(user: int, number: int) -> UUID:
    """A person's task, counted from 1; a version 7 id like the app's own."""
    return _id(_task_moment(user, number), user, number)


def tables(shape: Shape) -> Iterator[Table]:
    """What to load, parents first, in Postgres's types."""
    yield Table("tasks", TASK_COLUMNS, _tasks(shape))
    yield Table("time_entries", ENTRY_COLUMNS, _entries(shape))
    yield Table("change_heads", HEAD_COLUMNS, _heads(shape))


def _task_moment(user: int, number: int) -> datetime:
    return FIRST_MOMENT + timedelta(minutes=number, milliseconds=user)


def _id(moment: datetime, user: int, number: int) -> UUID:
    """Scattered in the bits that are random in real ones, and the same each time."""
    scatter = (user * 0x9E3779B97F4A7C15 ^ number * 0xC2B2AE3D27D4EB4F) & ((1 << 62) - 1)
    milliseconds = (moment - UNIX) // timedelta(milliseconds=1)
    return UUID(int=milliseconds << 80 | 7 << 76 | (scatter & 0xFFF) << 64 | 2 << 62 | scatter)


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return fold(text)


def _tasks(shape: Shape) -> Iterator[Row]:
    chance = random.Random(2100)  # noqa: S311 (the same rows each time)
    texts = [f"{verb} {thing}" for verb in VERBS for thing in THINGS]
    for user in range(shape.users):
        user_id = user_of(user)
        for number in range(1, shape.tasks + 1):
            moment = _task_moment(user, number)
            some = chance.getrandbits(32)
            title = f"{texts[some % len(texts)]} {number}"
            words = "Both balconies, and the kitchen if there is time left before noon" if some & 64 else None
            done_at = moment + timedelta(hours=5) if some & 128 else None
            yield (
                *(user_id, _id(moment, user, number), moment, moment, number, title, _folded(title)),
                *(words, words and _folded(words), done_at is not None, done_at),
                PRIORITIES[some // 256 % len(PRIORITIES)],
                moment.date() if some % 3 == 0 else None,
                moment if some % 3 == 1 else None,
                TAGS[some // 1024 % len(TAGS)],
                1800 if some & 4096 else None,
            )


def _entries(shape: Shape) -> Iterator[Row]:
    """Whole minutes of a year's days, none over midnight."""
    words = "Weeding"
    for user in range(shape.trackers):
        for number in range(shape.entries):
            day = ENTRY_DAY + timedelta(days=number * ENTRY_DAYS // shape.entries)
            start = datetime(day.year, day.month, day.day, 8 + number % 12, number % 60, tzinfo=UTC)
            seconds = 60 * (1 + number % 90)
            yield (
                *(user_of(user), _id(start + timedelta(milliseconds=number), user, number), start, start),
                *(shape.tasks + 1 + number, words, fold(words), start, start + timedelta(seconds=seconds)),
                *(day, "UTC", seconds, "[]", False),
            )


def _heads(shape: Shape) -> Iterator[Row]:
    for user in range(shape.users):
        seq = shape.tasks + (shape.entries if user < shape.trackers else 0)
        yield user_of(user), EPOCH, seq, 0
