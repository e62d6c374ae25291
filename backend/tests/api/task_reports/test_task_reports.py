"""The time of tasks beside their estimates: what counts, in which range, up to which instant."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar

from app.api.task_reports.schemas import TaskTime, TaskTimePage
from tests.api.entries import DAY, book, lasting, listed, moment, on, running, worked
from tests.api.tasks.calls import TASKS, add, at, fields_of
from tests.api.tasks.test_statements import assert_about
from tests.service import Statement

REPORT = "/api/v1/reports/tasks"
MAY_4 = {"from": "2026-05-04", "to": "2026-05-04"}


def told(task: dict[str, object], seconds: int, *, running: bool = False) -> dict[str, object]:
    """What the report says of a task."""
    names = ("title", "completed", "estimate_seconds")
    of_task = {"task_id": task["id"]} | {name: task[name] for name in names}
    return of_task | {"tracked_seconds": seconds, "running": running}


async def seconds_of(client: httpx.AsyncClient, **query: str) -> list[int]:
    """The time of each task, the newest first."""
    return [task["tracked_seconds"] for task in await listed(client, REPORT, **query)]


async def test_tasks_with_time_a_timer_or_an_estimate_are_told_of_and_others_if_asked(
    alice: httpx.AsyncClient, app: Litestar
) -> None:
    idle, meant, busy, timed, empty = [await add(alice, title=title) for title in "abcde"]
    meant = (await alice.patch(at(meant), json={"estimate_seconds": 0, "completed": True})).json()
    await worked(app, "alice", busy, "09:00", "10:30")
    await book(app, "alice", lasting(DAY, 1, **on(busy)))
    await worked(app, "alice", None, "09:00", "12:00")
    await worked(app, "alice", empty, "09:00", "09:00")
    in_an_hour = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    await book(app, "alice", running(in_an_hour, **on(timed)))
    known = [told(timed, 0, running=True), told(busy, 5401), told(meant, 0)]
    assert await listed(alice, REPORT) == known
    everything = [told(empty, 0), *known, told(idle, 0)]
    assert await listed(alice, REPORT, all="true") == everything
    page = (await alice.get(REPORT, params={"total": "true", "limit": "1"})).json()
    assert (page["total"], page["items"]) == (3, known[:1])


async def test_what_lies_in_the_trash_is_no_task_and_no_time(alice: httpx.AsyncClient, app: Litestar) -> None:
    gone, kept = await add(alice, estimate_seconds=60), await add(alice, estimate_seconds=60)
    await worked(app, "alice", gone, "09:00", "10:00")
    trashed = on(kept) | {"deleted_at": moment("12:00")}
    await book(app, "alice", lasting(DAY, 60, **trashed), running("09:00", **trashed))
    await alice.delete(at(gone))
    for everything in ("true", "false"):
        assert await listed(alice, REPORT, all=everything) == [told(kept, 0)]


async def test_an_interval_counts_as_far_as_it_lies_within(alice: httpx.AsyncClient, app: Litestar) -> None:
    task = await add(alice)
    for start, end in (
        ("2026-05-03T23:00:00+00:00", "2026-05-04T00:00:01+00:00"),
        ("2026-05-04T23:59:00+00:00", "2026-05-05T08:00:00+00:00"),
        ("2026-05-04T12:00:00+00:00", "2026-05-04T12:00:10+00:00"),
        ("2026-05-05T00:00:00+00:00", "2026-05-05T01:00:00+00:00"),
        ("2026-05-03T00:00:00+00:00", "2026-05-04T00:00:00+00:00"),
    ):
        await worked(app, "alice", task, start, end)
    assert await seconds_of(alice, **MAY_4) == [71]
    assert await seconds_of(alice, **{"from": "2026-05-03", "to": "2026-05-05"}) == [
        86400 + 3601 + 10 + 8 * 3600 + 60 + 3600
    ]
    assert await seconds_of(alice, **{"from": "2026-05-06", "to": "2026-12-31"}) == []
    await worked(app, "alice", task, "2026-05-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00")
    assert await seconds_of(alice, **MAY_4) == [86400 + 71]


async def test_a_duration_counts_on_its_day_in_whatever_zone(alice: httpx.AsyncClient, app: Litestar) -> None:
    task = await add(alice)
    far = lasting(DAY, 600, time_zone="Pacific/Auckland", **on(task))
    await book(app, "alice", far, lasting(DAY, 0, **on(task)))
    for zone in ("UTC", "Pacific/Auckland", "America/New_York"):
        assert await seconds_of(alice, **MAY_4, tz=zone) == [600]
        for day in ("2026-05-03", "2026-05-05"):
            assert await seconds_of(alice, **{"from": day, "to": day}, tz=zone) == []


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Asia/Kathmandu", "2026-03-29", 24),
    ],
)
async def test_a_day_is_as_long_as_it_is_where_it_is(
    alice: httpx.AsyncClient, app: Litestar, zone: str, day: str, hours: float
) -> None:
    task = await add(alice)
    await worked(app, "alice", task, "2026-01-01T00:00:00+00:00", "2026-12-31T00:00:00+00:00")
    query = {"from": day, "to": day}
    assert await seconds_of(alice, **query, tz=zone) == [hours * 3600]
    assert await seconds_of(alice, **query) == [86400]
    assert (await alice.put("/api/v1/config/time_zone", json={"value": zone})).status_code == 201
    assert await seconds_of(alice, **query) == [hours * 3600]
    assert await seconds_of(alice, **query, tz="UTC") == [86400]


async def test_a_running_timer_counts_up_to_now(alice: httpx.AsyncClient, app: Litestar) -> None:
    done, task = await add(alice, estimate_seconds=60), await add(alice)
    today = datetime.combine(datetime.now(UTC), time.min, UTC)
    started_at = today - timedelta(days=2)
    await book(app, "alice", running(started_at, **on(task)))
    before = datetime.now(UTC)
    found, idle = await listed(alice, REPORT)
    most = (datetime.now(UTC) - started_at).total_seconds()
    assert (before - started_at).total_seconds() - 1 <= found["tracked_seconds"] <= most
    assert (found, idle) == (told(task, found["tracked_seconds"], running=True), told(done, 0))
    for days, seconds in ((3, 0), (2, 86400), (1, 86400)):
        day = str((today - timedelta(days=days)).date())
        found, _ = await listed(alice, REPORT, **{"from": day, "to": day})
        assert found == told(task, seconds, running=True)


async def test_nobodys_time_is_anothers(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient, app: Litestar
) -> None:
    hers = await add(alice, estimate_seconds=60)
    his = (await bob.put(at(hers), json={"title": "His"})).json()
    await worked(app, "bob", his, "09:00", "10:00")
    await book(app, "bob", running("2026-05-05T00:00", **on(his)))
    for query in ({}, MAY_4):
        assert await listed(alice, REPORT, **query) == [told(hers, 0)]
        [found] = await listed(bob, REPORT, **query)
        assert found["tracked_seconds"] >= 3600


async def test_it_has_the_bytes_that_msgspec_writes_and_no_tag(
    alice: httpx.AsyncClient, app: Litestar
) -> None:
    task = await add(alice, title='"\\\u2028😀\x01', estimate_seconds=60)
    await worked(app, "alice", task, "09:00", "10:00")
    answer = await alice.get(REPORT, params={"total": "true"}, headers={"If-None-Match": "*"})
    assert (answer.status_code, "etag" in answer.headers) == (200, False)
    row = TaskTime(**told(task, 3600))  # type: ignore[arg-type] # its fields, by name
    page = TaskTimePage(
        items=[msgspec.convert(msgspec.to_builtins(row), TaskTime)], next_cursor=None, total=1
    )
    assert answer.content == msgspec.json.encode(page)


async def test_pages_hold_every_task_once(alice: httpx.AsyncClient, app: Litestar) -> None:
    tasks = [await add(alice) for _ in range(7)]
    for number, task in enumerate(tasks):
        await book(app, "alice", lasting(DAY, number, **on(task)))
    for query, expected in (
        ({}, range(6, 0, -1)),
        (MAY_4, range(6, 0, -1)),
        (MAY_4 | {"all": "true"}, range(6, -1, -1)),
    ):
        asked: dict[str, Any] = {**query, "limit": "2"}
        seconds: list[int] = []
        while asked.get("cursor", "") is not None:
            page = (await alice.get(REPORT, params=asked)).json()
            seconds += [task["tracked_seconds"] for task in page["items"]]
            asked["cursor"] = page["next_cursor"]
        assert seconds == list(expected)


async def test_a_cursor_is_good_for_its_own_question_only(alice: httpx.AsyncClient) -> None:
    for _ in range(2):
        await add(alice, estimate_seconds=60)
    cursor = (await alice.get(REPORT, params=MAY_4 | {"limit": "1"})).json()["next_cursor"]
    assert len(await listed(alice, REPORT, **MAY_4, cursor=cursor)) == 1
    others: list[tuple[str, dict[str, str]]] = [
        (REPORT, {}),
        (REPORT, MAY_4 | {"all": "true"}),
        (REPORT, MAY_4 | {"tz": "Europe/Berlin"}),
        (TASKS, {}),
    ]
    for where, query in others:
        assert (await alice.get(where, params=query | {"cursor": cursor})).status_code == 400
    await alice.put("/api/v1/config/time_zone", json={"value": "Europe/Berlin"})
    assert (await alice.get(REPORT, params=MAY_4 | {"cursor": cursor})).status_code == 400


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "2026-05-04"}, "/to"),
        ({"to": "2026-05-04"}, "/from"),
        ({"from": "2026-05-04", "to": "2026-05-03"}, "/to"),
        ({"from": "1969-12-31", "to": "2026-05-03"}, "/from"),
        ({"from": "2026-05-04", "to": "9999-01-01"}, "/to"),
        ({"from": "today", "to": "2026-05-03"}, "/from"),
        ({"from": "2026-05-04T00:00:00Z", "to": "2026-05-04"}, "/from"),
        ({"from_": "2026-05-04"}, "/from_"),
        ({"tz": "Mars/Olympus"}, "/tz"),
        (MAY_4 | {"tz": "localtime"}, "/tz"),
        ({"tz": ""}, "/tz"),
        ({"all": "perhaps"}, "/all"),
        ({"all": "null"}, "/all"),
        ({"limit": "0"}, "/limit"),
        ({"sort": "title"}, "/sort"),
        ({"trash": "true"}, "/trash"),
    ],
)
async def test_what_no_report_can_be_is_refused_with_its_place(
    alice: httpx.AsyncClient, query: dict[str, str], pointer: str
) -> None:
    answer = await alice.get(REPORT, params=query)
    assert (answer.status_code, [place for place, _ in fields_of(answer)]) == (422, [pointer])


async def test_the_first_and_the_last_day_are_days_everywhere(
    alice: httpx.AsyncClient, app: Litestar
) -> None:
    task = await add(alice)
    await worked(app, "alice", task, "1970-01-01T00:00:00+00:00", "9998-12-31T23:59:59+00:00")
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Niue"):
        found = await seconds_of(alice, **{"from": "1970-01-01", "to": "9998-12-31"}, tz=zone)
        assert found[0] > 8028 * 365 * 86400
        [last] = await seconds_of(alice, **{"from": "9998-12-31", "to": "9998-12-31"}, tz=zone)
        assert 0 < last <= 86400


async def test_it_is_one_statement_and_one_more_for_the_zone(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    await add(alice)
    for query, count in (({}, 1), (MAY_4 | {"tz": "UTC", "total": "true"}, 1), (MAY_4, 2)):
        statements.clear()
        assert (await alice.get(REPORT, params=query)).status_code == 200
        assert len(statements) == count
        for statement, parameters in statements:
            assert_about(statement, parameters, "alice")


async def test_who_has_no_token_has_no_report(nobody: httpx.AsyncClient) -> None:
    assert (await nobody.get(REPORT)).status_code == 401
