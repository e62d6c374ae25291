"""What is tracked on a task, told in the list where `include=tracked` asks."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec
from litestar import Litestar
from sqlmodel import update

from app.api.tasks.queries import TASK_LIST
from app.api.tasks.schemas import TaskPage
from app.core.rows.pages import page_statement
from app.core.rows.turns import take_turn
from app.models.time_entry import DURATION_MAX
from tests.api.entries import (
    DAY,
    ENTRIES,
    Values,
    book,
    interval,
    lasting,
    listed,
    moment,
    on,
    running,
    worked,
)
from tests.api.tasks.calls import TASKS, add, at, fields_of, tag_of
from tests.api.tasks.test_statements import assert_about
from tests.service import Statement

TRACKED = {"include": "tracked"}


async def trash(app: Litestar, entry: Values) -> None:
    """Move an entry to the trash."""
    mine = (ENTRIES.c.user_id == entry["user_id"], ENTRIES.c.id == entry["id"])
    async with app.state.database.session() as session:
        turn = await take_turn(session, entry["user_id"])
        await session.exec(update(ENTRIES).where(*mine).values(deleted_at=turn.at, seq=turn.seq))
        await session.commit()


async def test_the_finished_entries_of_a_task_are_added_up(alice: httpx.AsyncClient, app: Litestar) -> None:
    idle, busy = await add(alice), await add(alice)
    await worked(app, "alice", busy, "09:00", "10:30")
    await worked(app, "alice", busy, "10:00", "10:00:01")
    await book(app, "alice", lasting(DAY, 60, **on(busy)))
    await worked(app, "alice", None, "11:00", "12:00")
    await trash(app, await worked(app, "alice", busy, "13:00", "14:00"))
    tracked = {idle["id"]: 0, busy["id"]: 5461}
    assert await listed(alice, TASKS, **TRACKED) == [
        task | {"tracked_seconds": tracked[task["id"]], "timer_started_at": None} for task in (busy, idle)
    ]
    assert await listed(alice, TASKS) == [busy, idle]


async def test_a_running_timer_is_told_by_its_start(alice: httpx.AsyncClient, app: Litestar) -> None:
    idle, busy = await add(alice), await add(alice)
    await worked(app, "alice", busy, "09:00", "10:00")
    [timer] = await book(app, "alice", running("11:00", **on(busy)))
    assert await listed(alice, TASKS, **TRACKED) == [
        busy | {"tracked_seconds": 3600, "timer_started_at": "2026-05-04T11:00:00Z"},
        idle | {"tracked_seconds": 0, "timer_started_at": None},
    ]
    await trash(app, timer)
    [found, _] = await listed(alice, TASKS, **TRACKED)
    assert found["timer_started_at"] is None


async def test_nobodys_time_is_anothers(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient, app: Litestar
) -> None:
    hers = await add(alice)
    his = (await bob.put(at(hers), json={"title": "His"})).json()
    await worked(app, "bob", his, "09:00", "10:00")
    await book(app, "bob", running("11:00", **on(his)))
    assert await listed(alice, TASKS, **TRACKED) == [hers | {"tracked_seconds": 0, "timer_started_at": None}]
    [found] = await listed(bob, TASKS, **TRACKED)
    assert (found["tracked_seconds"], found["timer_started_at"]) == (3600, "2026-05-04T11:00:00Z")


async def test_the_bytes_are_those_that_msgspec_writes(alice: httpx.AsyncClient, app: Litestar) -> None:
    task = await add(alice, title='"\\\u2028😀\x01')
    for _ in range(3):
        await book(app, "alice", interval("08:00", "09:00", duration_seconds=DURATION_MAX, **on(task)))
    await book(app, "alice", running("11:00", **on(task)))
    page = (await alice.get(TASKS, params=TRACKED | {"total": "true"})).content
    assert page == msgspec.json.encode(msgspec.json.decode(page, type=TaskPage))
    told = f',"tracked_seconds":{3 * DURATION_MAX},"timer_started_at":"2026-05-04T11:00:00Z"}}]'
    assert told.encode() in page


async def test_pages_go_on_and_keep_what_is_included(alice: httpx.AsyncClient, app: Litestar) -> None:
    tasks = [await add(alice, title=str(number)) for number in range(5)]
    for number, task in enumerate(tasks):
        await book(app, "alice", lasting(DAY, number, **on(task)))
    for sort in TASK_LIST.sorts:
        query: dict[str, Any] = TRACKED | {"sort": sort, "limit": "2"}
        found: list[dict[str, Any]] = []
        while query.get("cursor", "") is not None:
            page = (await alice.get(TASKS, params=query)).json()
            found += page["items"]
            query["cursor"] = page["next_cursor"]
        assert found == await listed(alice, TASKS, **TRACKED, sort=sort)
        assert all(task["tracked_seconds"] == int(task["title"]) for task in found)
        assert len(found) == 5
    plain = (await alice.get(TASKS, params={"limit": "2"})).json()["next_cursor"]
    assert (await alice.get(TASKS, params=TRACKED | {"cursor": plain})).status_code == 400


async def test_the_trash_tells_what_was_tracked(alice: httpx.AsyncClient, app: Litestar) -> None:
    task = await add(alice)
    await worked(app, "alice", task, "09:00", "10:00")
    await alice.delete(at(task))
    [found] = await listed(alice, TASKS, **TRACKED, trash="true")
    assert found["tracked_seconds"] == 3600


async def test_a_copy_is_good_until_something_changes_and_for_its_own_list_only(
    alice: httpx.AsyncClient, app: Litestar
) -> None:
    task = await add(alice)
    tracked = f"{TASKS}?include=tracked"
    plain, tag = await tag_of(alice, TASKS), await tag_of(alice, tracked)
    assert plain.split(".")[1:] == tag.split(".")[1:]
    assert await tag_of(alice, f"{tracked}&include=tracked") == tag
    for where, copy, status in (
        (tracked, tag, 304),
        (TASKS, plain, 304),
        (tracked, plain, 200),
        (TASKS, tag, 200),
    ):
        assert (await alice.get(where, headers={"If-None-Match": copy})).status_code == status
    await book(app, "alice", running(moment("11:00") - timedelta(days=1), **on(task)))
    assert (await alice.get(tracked, headers={"If-None-Match": tag})).status_code == 200


async def test_nothing_else_can_be_included(alice: httpx.AsyncClient) -> None:
    for asked in ("names", "", "TRACKED", "null"):
        answer = await alice.get(TASKS, params={"include": asked})
        assert (answer.status_code, fields_of(answer)) == (422, [("/include/0", "invalid")])


async def test_it_is_one_statement_about_one_person(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    await add(alice)
    statements.clear()
    assert (await alice.get(TASKS, params=TRACKED | {"total": "true", "sort": "-due"})).status_code == 200
    [(statement, parameters)] = statements
    assert statement.count("time_entries.user_id = ") == 2
    assert_about(statement, parameters, "alice")


def test_the_statement_is_built_once() -> None:
    asked = (TASK_LIST, "-created_at", ("live",), False, ("tracked",))
    assert page_statement(*asked) is page_statement(*asked)
