"""The orders of the task list: each total, in both directions, and the same page by page."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar

from app.core.text import fold
from app.models.task import PRIORITIES
from tests.api.tasks.calls import TASKS, add, at, instant
from tests.service import client_of

Task = dict[str, Any]
NUMBERS = count()


def due_of(task: Task) -> datetime:
    """When it is due; a day counts from its start in UTC."""
    return instant(task["due_at"] or f"{task['due_on']}T00:00:00Z")


def is_due(task: Task) -> bool:
    """Whether it is due at all."""
    return bool(task["due_on"] or task["due_at"])


KEYS: dict[str, Callable[[Task], Any]] = {
    "created_at": lambda task: task["id"],
    "updated_at": lambda task: task["seq"],
    "due": lambda task: (due_of(task), task["id"]),
    "priority": lambda task: (PRIORITIES.index(task["priority"]), task["id"]),
    "title": lambda task: (fold(task["title"]), task["id"]),
}
SORTS = [sign + name for name in KEYS for sign in ("", "-")]


def in_order(tasks: list[Task], sort: str) -> list[Task]:
    """The tasks as the list should give them."""
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    if name != "due":
        return sorted(tasks, key=KEYS[name], reverse=descending)
    never = sorted((task for task in tasks if not is_due(task)), key=KEYS["created_at"], reverse=descending)
    return sorted(filter(is_due, tasks), key=KEYS["due"], reverse=descending) + never


async def page_of(client: httpx.AsyncClient, **query: Any) -> tuple[list[Task], str | None]:
    """The tasks of a page, and the cursor of the next."""
    answer = await client.get(TASKS, params={name: value for name, value in query.items() if value})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    return page["items"], page["next_cursor"]


async def all_pages(client: httpx.AsyncClient, sort: str, limit: int) -> list[Task]:
    """The tasks of all pages, each page full but the last."""
    tasks, cursor = await page_of(client, sort=sort, limit=limit)
    while cursor:
        assert len(tasks) % limit == 0
        more, cursor = await page_of(client, sort=sort, limit=limit, cursor=cursor)
        assert more
        tasks += more
    return tasks


@pytest.mark.parametrize("sort", SORTS)
async def test_each_order_is_the_one_it_names(alice: httpx.AsyncClient, sort: str) -> None:
    for title, fields in {
        "banana": {"priority": "low", "due_on": "2026-05-02"},
        "Äpfel": {"priority": "urgent", "due_at": "2026-05-02T00:00:00.000001Z"},
        "Apple": {"due_at": "2026-05-01T23:00:00-02:00"},
        "apple": {"priority": "high"},
        "CHERRY": {"priority": "medium", "due_on": "1970-01-01"},
        "äpfel": {"priority": "none", "due_at": "9998-12-31T23:59:59.999999Z"},
    }.items():
        await add(alice, title=title, **fields)
    first = (await page_of(alice))[0][-1]
    changed = (await alice.patch(at(first), json={"completed": True})).json()
    tasks, _ = await page_of(alice, sort=sort)
    assert tasks == in_order(tasks, sort)
    assert len(tasks) == 6
    assert (tasks[0] == changed) == (sort in ("created_at", "-updated_at"))


async def test_newest_first_is_the_default(alice: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(alice)
    assert await page_of(alice) == await page_of(alice, sort="-created_at")


@pytest.mark.parametrize("sort", ["due", "-due"])
async def test_what_is_never_due_comes_last_in_both_directions(alice: httpx.AsyncClient, sort: str) -> None:
    await add(alice, title="never")
    await add(alice, title="day", due_on="1970-01-01")
    await add(alice, title="instant", due_at="9998-12-31T23:59:59Z")
    await add(alice, title="never")
    tasks = [task["title"] for task in await all_pages(alice, sort, 1)]
    assert tasks == (["day", "instant"] if sort == "due" else ["instant", "day"]) + ["never", "never"]


async def test_priorities_go_by_rank_and_not_by_name(alice: httpx.AsyncClient) -> None:
    for priority in ("medium", "none", "urgent", "low", "high"):
        await add(alice, priority=priority)
    tasks, _ = await page_of(alice, sort="-priority")
    assert [task["priority"] for task in tasks] == ["urgent", "high", "medium", "low", "none"]


GREATEST = "\U0010ffff"
TITLES = st.one_of(
    st.sampled_from(
        ["a", "A", "á", "a\u0301", "ß", "ss", "b", " ", GREATEST, GREATEST * 500, GREATEST * 499]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=4),
)
DUES: st.SearchStrategy[dict[str, str]] = st.sampled_from(
    [
        {},
        {"due_on": "1970-01-01"},
        {"due_on": "2026-05-01"},
        {"due_on": "9998-12-31"},
        {"due_at": "2026-05-01T00:00:00Z"},
        {"due_at": "2026-05-01T00:00:00.000001Z"},
        {"due_at": "9998-12-31T23:59:59.999999Z"},
    ]
)
DRAFTS = st.builds(
    lambda title, due, priority: {"title": title, **due, "priority": priority},
    TITLES,
    DUES,
    st.sampled_from(PRIORITIES),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drafts=st.lists(DRAFTS, max_size=8),
    touched=st.sets(st.integers(0, 7), max_size=2),
    sort=st.sampled_from(SORTS),
    limit=st.sampled_from([1, 2, 3, 7]),
)
async def test_the_pages_are_the_whole_in_order(
    app: Litestar, drafts: list[dict[str, str]], touched: set[int], sort: str, limit: int
) -> None:
    async with client_of(app, f"alice-{next(NUMBERS)}") as alice:
        tasks = [await add(alice, **draft) for draft in drafts]
        for place in touched & set(range(len(tasks))):
            tasks[place] = (await alice.patch(at(tasks[place]), json={"completed": True})).json()
        assert await all_pages(alice, sort, limit) == in_order(tasks, sort)


@pytest.mark.parametrize("sort", SORTS)
async def test_what_stays_is_on_exactly_one_page_whatever_comes_and_goes(app: Litestar, sort: str) -> None:
    dues = [{"due_on": "2026-05-01"}, {"due_at": "2026-05-01T00:00:00Z"}, {}]
    drafts = [{"title": "abc"[n % 3], "priority": PRIORITIES[n % 5], **dues[n % 3]} for n in range(9)]
    for limit in (1, 2, 3, 7):
        async with client_of(app, f"alice-{limit}") as alice:
            there = [(await add(alice, **draft))["id"] for draft in drafts]
            seen, gone = await pages_in_a_changing_list(alice, sort, limit, there)
        assert len(seen) == len(set(seen))
        assert set(there) - gone <= set(seen)
        assert gone


async def pages_in_a_changing_list(
    client: httpx.AsyncClient, sort: str, limit: int, there: list[str]
) -> tuple[list[str], set[str]]:
    """The ids on all pages, and those deleted meanwhile: after each page the last seen and one unseen."""
    seen: list[str] = []
    gone: set[str] = set()
    page, cursor = await page_of(client, sort=sort, limit=limit)
    while True:
        seen += [task["id"] for task in page]
        if cursor is None:
            return seen, gone
        if len(seen) <= len(there):
            await add(client, title="b", priority=PRIORITIES[len(seen) % 5])
            for id_ in {seen[-1], *[id_ for id_ in there if id_ not in gone.union(seen)][-1:]}:
                assert (await client.delete(f"{TASKS}/{id_}")).status_code == 204
                gone.add(id_)
        page, cursor = await page_of(client, sort=sort, limit=limit, cursor=cursor)
