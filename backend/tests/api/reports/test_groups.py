"""What time is added up by: days, weeks, months, tasks, codes, types and tags; filters, rounding, filling."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from tests.api.entries import book, interval, lasting
from tests.api.reports.calls import report, seconds

API = "/api/v1"
MAY = ("2026-05-01", "2026-05-31")


async def code(client: httpx.AsyncClient, code: str, name: str = "A name", what: str = "time-codes") -> UUID:
    """A new time code, or work type, of theirs."""
    answer = await client.post(f"{API}/{what}", json={"code": code, "name": name})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def task(client: httpx.AsyncClient, title: str) -> UUID:
    """A new task of theirs."""
    return UUID((await client.post(f"{API}/tasks", json={"title": title})).json()["id"])


async def test_by_code_with_its_names_be_it_in_the_trash(app: Litestar, alice: httpx.AsyncClient) -> None:
    old, new = await code(alice, "OLD", "Long gone"), await code(alice, "new", "Just begun")
    await book(
        app,
        "alice",
        lasting("2026-05-01", 600, time_code_id=old),
        lasting("2026-05-02", 60, time_code_id=old),
        lasting("2026-05-01", 30, time_code_id=new),
        lasting("2026-05-01", 5),
    )
    assert (await alice.delete(f"{API}/time-codes/{old}")).status_code == 204
    names = ("time_code_id", "time_code", "time_code_name", "seconds", "entries")
    assert (await report(alice, *MAY, group="time_code"))["rows"] == [
        dict(zip(names, row, strict=True))
        for row in (
            (str(new), "new", "Just begun", 30, 1),
            (str(old), "OLD", "Long gone", 660, 2),
            (None, None, None, 5, 1),
        )
    ]


async def test_by_task_and_by_type_together(app: Litestar, alice: httpx.AsyncClient) -> None:
    plants, walls = await task(alice, "Water the plants"), await task(alice, "Älter than the walls")
    review = await code(alice, "R", "Review", "work-types")
    await book(
        app,
        "alice",
        lasting("2026-05-01", 1, task_id=plants, work_type_id=review),
        lasting("2026-05-02", 2, task_id=plants),
        lasting("2026-05-03", 4, task_id=walls, work_type_id=review),
        lasting("2026-05-04", 8, work_type_id=review),
    )
    await alice.delete(f"{API}/tasks/{walls}")
    found = (await report(alice, *MAY, group="work_type,task"))["rows"]
    assert found[0] == {
        "task_id": str(plants),
        "task": "Water the plants",
        "work_type_id": str(review),
        "work_type": "R",
        "work_type_name": "Review",
        "seconds": 1,
        "entries": 1,
    }
    assert [(row["work_type"], row["task"], row["seconds"]) for row in found] == [
        ("R", "Water the plants", 1),
        ("R", "Älter than the walls", 4),
        ("R", None, 8),
        (None, "Water the plants", 2),
    ]
    other_way = (await report(alice, *MAY, group="task,work_type"))["rows"]
    assert [row["seconds"] for row in other_way] == [1, 2, 4, 8]


async def test_names_are_sorted_in_any_case_and_the_same_name_by_id(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    titles = ["b", "A", "a", "B"]
    ids = [await task(alice, title) for title in titles]
    await book(app, "alice", *(lasting("2026-05-01", 60, task_id=id_) for id_ in reversed(ids)))
    found = await report(alice, *MAY, group="task,day")
    assert [row["task"] for row in found["rows"]] == ["A", "a", "b", "B"]
    assert list(found["rows"][0]) == ["day", "task_id", "task", "seconds", "entries"]


async def test_by_tag_an_entry_counts_under_each_and_once_in_the_total(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    await book(
        app,
        "alice",
        lasting("2026-05-01", 60, tags=["home", "garden"]),
        lasting("2026-05-01", 30, tags=["garden", "home"]),
        lasting("2026-05-02", 5, tags=["Ärger"]),
        lasting("2026-05-02", 1),
    )
    found = await report(alice, *MAY, group="tag")
    assert found["rows"] == [
        {"tag": "garden", "seconds": 90, "entries": 2},
        {"tag": "home", "seconds": 90, "entries": 2},
        {"tag": "Ärger", "seconds": 5, "entries": 1},
        {"tag": None, "seconds": 1, "entries": 1},
    ]
    assert (found["total_seconds"], found["entries"]) == (96, 4)
    assert await seconds(alice, *MAY, group="tag,day") == {
        "2026-05-01/garden": 90,
        "2026-05-01/home": 90,
        "2026-05-02/Ärger": 5,
        "2026-05-02/None": 1,
    }


@pytest.mark.parametrize(
    ("week_start", "weeks"),
    [
        ("monday", {"2026-04-27": 1 + 2 + 4, "2026-05-04": 8 + 16}),
        ("sunday", {"2026-04-26": 1 + 2, "2026-05-03": 4 + 8 + 16}),
        ("saturday", {"2026-04-25": 1, "2026-05-02": 2 + 4 + 8, "2026-05-09": 16}),
    ],
)
async def test_weeks_begin_where_they_are_said_to(
    app: Litestar, alice: httpx.AsyncClient, week_start: str, weeks: dict[str, int]
) -> None:
    days = ("2026-05-01", "2026-05-02", "2026-05-03", "2026-05-08", "2026-05-09")  # a Friday first
    await book(app, "alice", *(lasting(day, 2**place) for place, day in enumerate(days)))
    assert await seconds(alice, *MAY, group="week", week_start=week_start) == weeks
    await alice.put(f"{API}/config/week_start", json={"value": week_start})
    found = await report(alice, *MAY, group="week")
    assert {row["week"]: row["seconds"] for row in found["rows"]} == weeks
    assert found["week_start"] == week_start


async def test_a_week_is_parted_by_the_months_where_both_are_asked(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    await book(app, "alice", interval("2026-04-30T23:00", "2026-05-01T02:00"), lasting("2026-05-03", 5))
    range_ = ("2026-04-01", "2026-05-31")
    assert await seconds(alice, *range_, group="month,week") == {
        "2026-04-27/2026-04": 3600,
        "2026-04-27/2026-05": 7205,
    }
    assert await seconds(alice, *range_, group="week") == {"2026-04-27": 3 * 3600 + 5}
    assert await seconds(alice, *range_, group="month") == {"2026-04": 3600, "2026-05": 7205}


async def test_what_is_empty_is_filled_where_that_is_asked(app: Litestar, alice: httpx.AsyncClient) -> None:
    await book(app, "alice", lasting("2026-05-02", 60, tags=["home"]))
    nothing = {"tag": None, "seconds": 0, "entries": 0}
    found = await report(alice, "2026-05-01", "2026-05-03", group="day,tag", fill="true")
    assert found["rows"] == [
        {"day": "2026-05-01", **nothing},
        {"day": "2026-05-02", "tag": "home", "seconds": 60, "entries": 1},
        {"day": "2026-05-03", **nothing},
    ]
    assert (await report(alice, "2026-05-03", "2026-05-03", group="tag", fill="true"))["rows"] == []
    months = await report(alice, "2026-01-31", "2026-12-01", group="month", fill="true")
    assert len(months["rows"]) == 12


@pytest.mark.parametrize(
    ("query", "days", "total"),
    [
        ({}, [110, 440], 550),
        ({"rounding": "up", "rounding_per": "entry"}, [180, 480], 660),
        ({"rounding": "down", "rounding_per": "entry"}, [60, 360], 420),
        ({"rounding": "nearest", "rounding_per": "entry"}, [120, 480], 600),
        ({"rounding": "up", "rounding_per": "group"}, [120, 480], 600),
        ({"rounding": "down", "rounding_per": "group"}, [60, 420], 480),
        ({"rounding": "nearest", "rounding_per": "group"}, [120, 420], 540),
        ({"rounding": "none"}, [110, 440], 550),
    ],
)
async def test_rounding(
    app: Litestar, alice: httpx.AsyncClient, query: dict[str, str], days: list[int], total: int
) -> None:
    await book(
        app,
        "alice",
        lasting("2026-05-01", 20),
        interval("2026-05-01T23:58:30", "2026-05-02T00:06:30"),  # 90 and 390
        lasting("2026-05-02", 50),
    )
    minutes = {"rounding_minutes": "1"} if query else {}
    found = await report(alice, "2026-05-01", "2026-05-02", **query, **minutes)
    assert [row["seconds"] for row in found["rows"]] == days
    assert found["total_seconds"] == total
    mode = query.get("rounding", "none")
    wanted = "none" if mode == "none" else {"minutes": 1, "mode": mode, "per": query["rounding_per"]}
    assert found["rounding"] == wanted


async def test_rounding_as_the_person_likes_it(app: Litestar, alice: httpx.AsyncClient) -> None:
    await book(app, "alice", lasting("2026-05-01", 61), lasting("2026-05-01", 61))
    await alice.put(f"{API}/config/rounding", json={"value": {"minutes": 2, "mode": "up", "per": "group"}})
    assert (await report(alice, *MAY))["total_seconds"] == 240
    assert (await report(alice, *MAY, rounding="down"))["total_seconds"] == 120
    assert (await report(alice, *MAY, rounding_minutes="1"))["total_seconds"] == 180
    assert (await report(alice, *MAY, rounding_per="entry"))["total_seconds"] == 240
    assert (await report(alice, *MAY, rounding="none"))["total_seconds"] == 122


async def test_rounded_by_tag_the_total_rounds_each_entry_once(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    await book(app, "alice", lasting("2026-05-01", 61, tags=["a", "b"]), lasting("2026-05-01", 61))
    how = {"group": "tag", "rounding": "up", "rounding_minutes": "1"}
    found = await report(alice, *MAY, **how, rounding_per="group")
    assert ([row["seconds"] for row in found["rows"]], found["total_seconds"]) == ([120, 120, 120], 180)
    found = await report(alice, *MAY, **how, rounding_per="entry")
    assert ([row["seconds"] for row in found["rows"]], found["total_seconds"]) == ([120, 120, 120], 240)


async def test_the_zone_is_the_persons_own_unless_asked(app: Litestar, alice: httpx.AsyncClient) -> None:
    await book(app, "alice", interval("2026-05-01T21:00", "2026-05-01T23:00"))
    assert await seconds(alice, *MAY) == {"2026-05-01": 7200}
    await alice.put(f"{API}/config/time_zone", json={"value": "Europe/Berlin"})
    halves = {"2026-05-01": 3600, "2026-05-02": 3600}
    found = await report(alice, *MAY)
    assert ({row["day"]: row["seconds"] for row in found["rows"]}, found["tz"]) == (halves, "Europe/Berlin")
    assert await seconds(alice, *MAY, tz="UTC") == {"2026-05-01": 7200}


async def test_filters(app: Litestar, alice: httpx.AsyncClient) -> None:
    plants, review = await task(alice, "Water"), await code(alice, "R", what="work-types")
    one, two = await code(alice, "ONE"), await code(alice, "TWO")
    marked: list[dict[str, Any]] = [
        {"time_code_id": one, "tags": ["a"]},
        {"time_code_id": two, "task_id": plants, "tags": ["b", "c"]},
        {"task_id": plants, "work_type_id": review},
        {},
    ]
    starts = ("2026-05-01T09:00", "2026-04-30T23:59:58", "2026-04-20T00:00")
    await book(
        app,
        "alice",
        *(lasting("2026-05-01", 10**place, **marks) for place, marks in enumerate(marked)),
        *(interval(start, "2026-05-01T09:01", time_code_id=one) for start in starts),
    )
    intervals = 60 + 2 * 541 * 60

    async def total(**query: Any) -> int:
        return int((await report(alice, "2026-05-01", "2026-05-02", group="day", **query))["total_seconds"])

    assert await total() == 1111 + intervals
    assert await total(time_code_id=str(one)) == 1 + intervals
    assert await total(time_code_id=[str(one).upper(), str(two)]) == 11 + intervals
    assert await total(time_code_id="none") == 1100
    assert await total(time_code_id=["none", str(two)]) == 1110
    assert await total(task_id=str(plants)) == 110
    assert await total(task_id=str(plants), work_type_id="none") == 10
    assert await total(work_type_id=str(review), task_id=[str(plants), "none"]) == 100
    assert await total(tag=["a", "c"]) == 11
    assert await total(tag="d") == 0
    assert await total(tag="a", time_code_id=str(two)) == 0


async def test_what_is_in_the_trash_or_a_strangers_does_not_count(
    app: Litestar, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    his = await code(bob, "ONE", "His")
    gone = {"deleted_at": interval("2026-05-05", "2026-05-05")["started_at"]}
    await book(
        app, "alice", lasting("2026-05-01", 60), lasting("2026-05-01", 600, **gone), interval(*MAY, **gone)
    )
    await book(app, "bob", lasting("2026-05-01", 5, time_code_id=his), interval("2026-01-01", "2026-12-31"))
    found = await report(alice, *MAY, group="day,time_code")
    assert ([row["seconds"] for row in found["rows"]], found["entries"]) == ([60], 1)
    assert (await report(alice, *MAY, time_code_id=str(his)))["rows"] == []
    assert (await report(bob, "2026-05-01", "2026-05-01"))["total_seconds"] == 86_405
