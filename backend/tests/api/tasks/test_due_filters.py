"""What is due when: days in a zone, also where the clocks change, and ranges of days and instants."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from litestar import Litestar

from app.api.tasks.queries import TASK_LIST
from app.api.tasks.rules import question_from
from app.api.tasks.schemas import TaskQuery
from app.core.days import start_of
from app.core.errors import InvalidError
from app.core.http.query_strings import parse_query
from app.core.rows.pages import read_page
from tests.api.tasks import calls
from tests.api.tasks.calls import TASKS, add, at, id_at, instant

SHORTEST = timedelta(microseconds=1)
DAYS = [
    ("UTC", "2026-05-01T12:00Z", "2026-05-01", "2026-05-01T00:00Z", "2026-05-02T00:00Z"),
    ("Europe/Berlin", "2026-04-30T22:00Z", "2026-05-01", "2026-04-30T22:00Z", "2026-05-01T22:00Z"),
    ("Europe/Berlin", "2026-05-01T21:59:59Z", "2026-05-01", "2026-04-30T22:00Z", "2026-05-01T22:00Z"),
    # The clocks go forward, and back: a day of 23 hours, and one of 25.
    ("Europe/Berlin", "2024-03-31T12:00Z", "2024-03-31", "2024-03-30T23:00Z", "2024-03-31T22:00Z"),
    ("Europe/Berlin", "2024-10-27T12:00Z", "2024-10-27", "2024-10-26T22:00Z", "2024-10-27T23:00Z"),
    # The first place where a day begins.
    ("Pacific/Kiritimati", "2026-05-01T11:00Z", "2026-05-02", "2026-05-01T10:00Z", "2026-05-02T10:00Z"),
    # Half hours.
    ("America/St_Johns", "2026-05-01T02:00Z", "2026-04-30", "2026-04-30T02:30Z", "2026-05-01T02:30Z"),
    ("America/St_Johns", "2024-03-10T12:00Z", "2024-03-10", "2024-03-10T03:30Z", "2024-03-11T02:30Z"),
    # The clocks skip midnight: the day begins at one.
    ("America/Sao_Paulo", "2018-11-04T03:30Z", "2018-11-04", "2018-11-04T03:00Z", "2018-11-05T02:00Z"),
    ("Asia/Beirut", "2022-03-27T12:00Z", "2022-03-27", "2022-03-26T22:00Z", "2022-03-27T21:00Z"),
    # Midnight comes twice: the day begins with the first.
    ("America/Havana", "2024-11-03T12:00Z", "2024-11-03", "2024-11-03T04:00Z", "2024-11-04T05:00Z"),
    # Samoa went from the 29th to the 31st.
    ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29", "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
]  # fmt: skip


def asked(query: str) -> TaskQuery:
    """The list that a query string asks for."""
    return parse_query(query.encode(), TaskQuery)


async def found(app: Litestar, query: str, now: datetime) -> set[str]:
    """The titles that Alice finds at this moment."""
    question = question_from(asked(query), now)
    async with app.state.database.session(read_only=True) as session:
        page = await read_page(session, "alice", TASK_LIST, question, asked(query), [])
    return {task["title"] for task in json.loads(page.body or b"")["items"]}


@pytest.mark.parametrize(("zone", "now", "today", "start", "end"), DAYS)
async def test_due_goes_by_the_day_of_the_zone(
    app: Litestar, alice: httpx.AsyncClient, zone: str, now: str, today: str, start: str, end: str
) -> None:
    day, begins, ends = date.fromisoformat(today), instant(start), instant(end)
    for title, due_at in {
        "before": begins - SHORTEST,
        "first": begins,
        "last": ends - SHORTEST,
        "after": ends,
    }.items():
        await add(alice, title=title, due_at=due_at.isoformat())
    for title, days in {"yesterday": -1, "today": 0, "tomorrow": 1}.items():
        await add(alice, title=title, due_on=str(day + timedelta(days=days)))
    await add(alice, title="never")
    expected = {
        "overdue": {"before", "yesterday"} | ({"first"} if instant(now) > begins else set()),
        "today": {"first", "last", "today"},
        "upcoming": {"after", "tomorrow"},
        "none": {"never"},
    }
    for due, titles in expected.items():
        assert await found(app, f"due={due}&tz={zone}", instant(now)) == titles, due


async def test_what_is_done_or_gone_is_not_overdue(app: Litestar, alice: httpx.AsyncClient) -> None:
    await add(alice, title="done", due_on="2026-04-01", completed=True)
    gone = await add(alice, title="gone", due_on="2026-04-01")
    await alice.delete(at(gone))
    await add(alice, title="open", due_on="2026-04-01")
    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert await found(app, "due=overdue", now) == {"open"}
    assert await found(app, "due=overdue&trash=true", now) == {"gone"}
    assert await found(app, "due=overdue&completed=true", now) == set()


async def test_an_instant_is_overdue_only_when_it_is_over(app: Litestar, alice: httpx.AsyncClient) -> None:
    await add(alice, title="nine", due_at="2026-05-01T09:00:00Z")
    nine = instant("2026-05-01T09:00:00Z")
    assert await found(app, "due=overdue", nine) == set()
    assert await found(app, "due=overdue", nine + SHORTEST) == {"nine"}


async def test_the_zone_is_utc_where_none_is_named(app: Litestar, alice: httpx.AsyncClient) -> None:
    await add(alice, title="first", due_on="2026-05-01")
    now = instant("2026-05-01T23:30:00Z")
    assert await found(app, "due=today", now) == {"first"}
    assert await found(app, "due=today&tz=Europe/Berlin", now) == set()
    assert await found(app, "due=overdue&tz=Europe/Berlin", now) == {"first"}


async def test_due_goes_by_the_clock(alice: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)
    for title, days in {"overdue": -2, "upcoming": 2}.items():
        await add(alice, title=title, due_on=str(now.date() + timedelta(days=days)))
        await add(alice, title=title, due_at=(now + timedelta(days=days)).isoformat())
    for due in ("overdue", "upcoming"):
        answer = await alice.get(TASKS, params={"due": due, "tz": "Asia/Kolkata"})
        assert [task["title"] for task in answer.json()["items"]] == [due, due]


DUE = {
    "30th": {"due_on": "2026-04-30"},
    "1st": {"due_on": "2026-05-01"},
    "2nd": {"due_on": "2026-05-02"},
    "22:00": {"due_at": "2026-04-30T22:00:00Z"},
    "noon": {"due_at": "2026-05-01T12:00:00Z"},
    "midnight": {"due_at": "2026-05-02T00:00:00Z"},
    "never": {},
}
RANGES = [
    ("due_from=2026-05-01", {"1st", "2nd", "noon", "midnight"}),
    ("due_to=2026-05-01", {"30th", "1st", "22:00", "noon"}),
    ("due_from=2026-05-01&due_to=2026-05-01", {"1st", "noon"}),
    ("due_from=2026-05-01&due_to=2026-05-01&tz=Europe/Berlin", {"1st", "22:00", "noon"}),
    ("due_to=2026-04-30&tz=America/New_York", {"30th", "22:00"}),
    ("due_from=2026-05-02&due_to=2026-05-01", set()),
    ("due_from=2026-05-01T12:00:00Z", {"2nd", "noon", "midnight"}),
    ("due_to=2026-05-01T12:00:00Z", {"30th", "1st", "22:00"}),
    ("due_from=2026-05-01T14:00:00%2B02:00&due_to=2026-05-01T12:00:00.000001Z", {"noon"}),
    ("due_from=2026-05-01T00:00:00Z&due_to=2026-05-02T00:00:00Z", {"1st", "noon"}),
    ("due_from=1970-01-01&tz=Pacific/Kiritimati", set(DUE) - {"never"}),
    ("due_to=9998-12-31&tz=Pacific/Kiritimati", set(DUE) - {"never"}),
    ("due_to=9998-12-31T23:59:59.999999Z", set(DUE) - {"never"}),
]


async def test_ranges_of_due_take_days_and_instants(app: Litestar, alice: httpx.AsyncClient) -> None:
    for title, due in DUE.items():
        await add(alice, title=title, **due)
    for query, titles in RANGES:
        assert await found(app, query, datetime.now(UTC)) == titles, query


CREATED = {
    "22:00": "2026-04-30T22:00:00Z",
    "noon": "2026-05-01T12:00:00Z",
    "last": "2026-05-01T23:59:59.999Z",
}
CREATED_RANGES = [
    ("created_from=2026-05-01", {"noon", "last"}),
    ("created_to=2026-04-30", {"22:00"}),
    ("created_to=2026-05-01", {"22:00", "noon", "last"}),
    ("created_from=2026-05-01&created_to=2026-05-01&tz=Europe/Berlin", {"22:00", "noon"}),
    ("created_from=2026-05-01T12:00:00Z", {"noon", "last"}),
    ("created_from=2026-05-01T12:00:00.000001Z", {"last"}),
    ("created_to=2026-05-01T12:00:00Z", {"22:00"}),
    ("created_to=2026-05-01T12:00:00.000001Z", {"22:00", "noon"}),
    ("created_from=1970-01-01&tz=Pacific/Kiritimati", set(CREATED)),
    ("created_to=9998-12-31", set(CREATED)),
]


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "updated_at", "-updated_at", "due", "-title"])
async def test_ranges_of_creation_take_days_and_instants_in_any_order(
    app: Litestar, alice: httpx.AsyncClient, sort: str
) -> None:
    for title, moment in CREATED.items():
        milliseconds = (instant(moment) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        task = await add(alice, title=title, id=id_at(milliseconds))
        assert instant(task["created_at"]) == instant(moment)
    for query, titles in CREATED_RANGES:
        assert await found(app, f"{query}&sort={sort}", datetime.now(UTC)) == titles, query


@pytest.mark.parametrize(("zone", "now", "today", "start", "end"), DAYS)
def test_a_day_begins_with_its_first_instant(zone: str, now: str, today: str, start: str, end: str) -> None:
    where, day = ZoneInfo(zone), date.fromisoformat(today)
    assert start_of(day, where) == instant(start)
    assert start_of(day + timedelta(days=1), where) == instant(end)
    assert (instant(start) - SHORTEST).astimezone(where).date() < day
    assert instant(start).astimezone(where).date() == day
    question = question_from(asked(f"due=today&tz={zone}"), instant(now))
    assert question.parameters == {"today": day, "day_start": instant(start), "day_end": instant(end)}


@pytest.mark.parametrize("name", ["due_from", "due_to", "created_from", "created_to"])
def test_a_refused_bound_names_its_parameter(name: str) -> None:
    with pytest.raises(InvalidError) as refused:
        question_from(asked(f"{name}=soon"), datetime.now(UTC))
    assert [fault.pointer for fault in refused.value.errors] == [f"/{name}"]


async def test_the_instants_of_a_day_in_its_zone_find_what_is_due_on_it(alice: httpx.AsyncClient) -> None:
    await add(alice, title="all day", due_on="2026-12-01")
    day = {"due_from": "2026-12-01T05:00:00Z", "due_to": "2026-12-02T05:00:00Z", "tz": "America/New_York"}
    assert await calls.titles(alice, **day) == ["all day"]
    day_before = {
        "due_from": "2026-11-30T05:00:00Z",
        "due_to": "2026-12-01T05:00:00Z",
        "tz": "America/New_York",
    }
    assert await calls.titles(alice, **day_before) == []


@pytest.mark.parametrize("zone", ["localtime", "Factory", "../../etc/passwd", ""])
async def test_what_is_no_place_is_no_zone(alice: httpx.AsyncClient, zone: str) -> None:
    answer = await alice.get(TASKS, params={"due": "today", "tz": zone})
    assert (answer.status_code, [fault["pointer"] for fault in answer.json()["errors"]]) == (422, ["/tz"])
