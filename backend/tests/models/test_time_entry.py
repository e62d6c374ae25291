"""What the table of entries refuses and takes, whatever code writes to it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, insert

from app.core.ids import new_id
from app.models.base import table_of
from app.models.task import Task
from app.models.time_code import TimeCode
from app.models.time_entry import DURATION_MAX, TimeEntry
from app.models.work_type import WorkType
from tests.models.refusals import Row, connected, refusal, refusals

ENTRIES, TASKS, CODES, TYPES = (table_of(model) for model in (TimeEntry, Task, TimeCode, WorkType))
START = datetime(2026, 5, 1, 9, tzinfo=UTC)
END = START + timedelta(hours=1)
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)
HALF = timedelta(microseconds=500_000)


def day(**fields: Any) -> Row:
    """A duration on a day."""
    given: Row = {"id": new_id(), "user_id": "alice", "seq": 1, "created_at": START, "updated_at": START}
    given |= {"entry_date": date(2026, 5, 1), "time_zone": "UTC", "duration_seconds": 60, "tags": []}
    return given | {"locked": False} | fields


def interval(**fields: Any) -> Row:
    return day(started_at=START, ended_at=END, duration_seconds=3600, **fields)


def running(**fields: Any) -> Row:
    return day(started_at=START, duration_seconds=None) | fields


def lasting(start: datetime, end: datetime) -> Row:
    """An interval between these."""
    return interval() | {
        "started_at": start,
        "ended_at": end,
        "duration_seconds": int((end - start).total_seconds()),
    }


REFUSED: dict[str, tuple[Row, str]] = {
    "an end before the start": (interval() | {"ended_at": START - timedelta(seconds=1)}, "ends_after_start"),
    "an end without a start": (day(ended_at=END), "end_has_start"),
    "a duration beside a running timer": (running(duration_seconds=5), "duration_unless_running"),
    "no duration beside an interval": (interval() | {"duration_seconds": None}, "duration_unless_running"),
    "no duration and no instants": (day() | {"duration_seconds": None}, "duration_unless_running"),
    "a negative duration": (day() | {"duration_seconds": -1}, "duration_range"),
    "a duration beyond all time": (interval() | {"duration_seconds": DURATION_MAX + 1}, "duration_range"),
    "more than a day on a day": (day() | {"duration_seconds": 86_401}, "duration_within_day"),
    "a fraction at the start": (running(started_at=START + HALF), "started_at_whole"),
    "a millionth at the start": (running(started_at=START + timedelta(microseconds=1)), "started_at_whole"),
    "a fraction at the end": (interval() | {"ended_at": END + HALF}, "ended_at_whole"),
    "a start before 1970": (running(started_at=FIRST - timedelta(seconds=1)), "started_at_range"),
    "a start after 9998": (running(started_at=LAST + timedelta(seconds=1)), "started_at_range"),
    "an end after 9998": (interval() | {"ended_at": LAST + timedelta(seconds=1)}, "ended_at_range"),
    "a day too early": (day(entry_date=date(1969, 12, 30)), "entry_date_range"),
    "a day too late": (day(entry_date=date(9999, 1, 2)), "entry_date_range"),
    "a locked running timer": (running(locked=True), "locked_is_finished"),
    "no zone's name": (day(time_zone=""), "time_zone_length"),
    "a description too long": (
        day(description="x" * 5001, description_key="x"),
        "description_length",
    ),
    "a description's key too long": (
        day(description="x", description_key="x" * 15_001),
        "description_key_length",
    ),
    "a raw text too long": (day(raw_text="x" * 5001, raw_text_key="x"), "raw_text_length"),
    "a raw text's key too long": (day(raw_text="x", raw_text_key="x" * 15_001), "raw_text_key_length"),
    "a description without its key": (day(description="x", description_key=None), "description_key_present"),
    "a raw text's key without it": (day(raw_text=None, raw_text_key="x"), "raw_text_key_present"),
    "tags too long": (day(tags=["x" * 13_000]), "tags_length"),
    "no owner": (day(user_id=""), "user_id_length"),
    "a number of nobody's": (day(seq=0), "seq_positive"),
    **{
        f"no {name}": (day() | {name: None}, "null")
        for name in ("user_id", "seq", "entry_date", "time_zone", "locked", "created_at", "updated_at")
    },
}
TAKEN: dict[str, list[Row]] = {
    "a duration": [day()],
    "an interval": [interval(locked=True)],
    "a running timer": [running()],
    "nothing done": [day() | {"duration_seconds": 0}],
    "an end at the start": [lasting(START, START)],
    "the longest there is": [lasting(FIRST, LAST)],
    "the greatest duration": [interval() | {"duration_seconds": DURATION_MAX}],
    "a whole day on a day": [day() | {"duration_seconds": 86_400}],
    "the day before 1970, in the west": [day(entry_date=date(1969, 12, 31))],
    "the day after 9998, in the east": [day(entry_date=date(9999, 1, 1))],
    "the longest zone's name": [day(time_zone="x" * 64)],
    "the longest texts": [
        day(**dict.fromkeys(("description", "raw_text"), "ΐ" * 5000)),
        day(**dict.fromkeys(("description", "raw_text"), "😀" * 5000)),
    ],
    "the longest tags": [day(tags=["\u0001" * 64] * 32)],
    "one in the trash and one live": [running(deleted_at=END), running()],
    "two in the trash": [running(deleted_at=END), running(deleted_at=END)],
    "two people's": [running(), running(user_id="bob")],
    "two that are through": [interval(), interval()],
    "the same id of two people's": [day(id=UUID(int=7 << 76)), day(id=UUID(int=7 << 76), user_id="bob")],
}


async def test_what_contradicts_itself_is_refused_by_the_constraint_that_says_so(database_url: str) -> None:
    cases = [(what, [row]) for what, (row, _) in REFUSED.items()]
    async with connected(database_url) as connection:
        found = await refusals(connection, ENTRIES, cases)
    assert found == {what: reason for what, (_, reason) in REFUSED.items()}


async def test_every_extreme_is_taken(database_url: str) -> None:
    async with connected(database_url) as connection:
        found = await refusals(connection, ENTRIES, TAKEN.items())
    assert found == dict.fromkeys(TAKEN, "")


async def test_what_may_stand_but_once_is_refused_the_second_time(database_url: str) -> None:
    same = day()
    cases = {
        "two running timers": [running(), running(started_at=END)],
        "the same id": [same, day(id=same["id"])],
    }
    async with connected(database_url) as connection:
        assert await refusals(connection, ENTRIES, cases.items()) == dict.fromkeys(cases, "unique")


async def test_a_zones_name_that_is_too_long(database_url: str) -> None:
    """Postgres's type says it before the CHECK does, and SQLite has only the CHECK."""
    async with connected(database_url) as connection:
        said = await refusal(connection, ENTRIES, day(time_zone="x" * 65))
    assert said == ("time_zone_length" if database_url.startswith("sqlite") else "too long")


@pytest.mark.parametrize(
    ("column", "table", "fields"),
    [
        ("task_id", TASKS, {"title": "Water", "completed": False, "priority": "none", "tags": []}),
        (
            "time_code_id",
            CODES,
            {"code": "A", "name": "A", "active": True, "keywords": [], "examples": []},
        ),
        ("work_type_id", TYPES, {"code": "A", "name": "A", "active": True}),
    ],
)
async def test_a_reference_is_to_a_row_of_ones_own(
    database_url: str, column: str, table: Table, fields: Row
) -> None:
    ids = {user_id: new_id() for user_id in ("alice", "bob")}
    owned = {"seq": 1, "created_at": START, "updated_at": START} | fields
    async with connected(database_url) as connection:
        for user_id, id_ in ids.items():
            await connection.execute(insert(table).values({**owned, "id": id_, "user_id": user_id}))
        found = {
            name: await refusal(connection, ENTRIES, day(**{column: id_}))
            for name, id_ in (*ids.items(), ("nobody", new_id()))
        }
    assert found == {"alice": "", "bob": "reference", "nobody": "reference"}
