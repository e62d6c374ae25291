"""Lists cost the same however long they are and however deep the page lies, by the plans and by counting."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest

from app.api.tasks.queries import TASK_LIST
from app.api.tasks.rules import question_from
from app.api.tasks.schemas import TaskQuery
from app.core.http.query_strings import parse_query
from app.core.rows.cursors import encode_cursor
from app.core.rows.pages import Page
from app.models.base import table_of
from app.models.task import Task
from tests.api.crowded import Crowd, Ran, crowded
from tests.api.plans import PlanCacheMode, Work
from tests.api.tasks.crowd import ROWS, id_of, rows

LIMIT = 50
PRIMARY_KEY = "sqlite_autoindex_tasks_1", "pk_tasks"
"""What the primary key's index is called on each engine."""

FLAT = {
    "": (PRIMARY_KEY, "id"),
    "sort=created_at": (PRIMARY_KEY, "id"),
    "created_from=2020-01-20": (PRIMARY_KEY, "id"),
    "created_to=2020-05-25": (PRIMARY_KEY, "id"),
    "created_from=2020-01-20&created_to=2020-05-25&sort=created_at": (PRIMARY_KEY, "id"),
    "created_from=2020-01-20&sort=created_at": (PRIMARY_KEY, "id"),
    "sort=-updated_at": (("idx_user_id",) * 2, "seq"),
    "sort=updated_at": (("idx_user_id",) * 2, "seq"),
    "completed=false": (("ix_tasks_open_by_id",) * 2, "id"),
    "completed=false&created_from=2020-01-20&sort=created_at": (("ix_tasks_open_by_id",) * 2, "id"),
    "completed=false&sort=-updated_at": (("ix_tasks_open_by_seq",) * 2, "seq"),
    "trash=true": (("ix_tasks_trashed",) * 2, "id"),
}
COST_MAX = {"sqlite": 100 * LIMIT, "postgres": 2 * LIMIT}
"""The most that any page of a flat list costs: steps, and pages of the disk."""
TOP = ["sort=title", "sort=-title", "sort=due", "sort=-due", "sort=priority", "sort=-priority"]


def deep_keys(sort: str) -> tuple[object, ...]:
    """The keys of a row with three quarters of all before it."""
    number = ROWS // 4 if sort.startswith("-") else ROWS * 3 // 4
    return (number,) if "updated_at" in sort else (id_of(number),)


async def page_of(crowd: Crowd, query: str, *, deep: bool = False, copy: str = "") -> tuple[Page, Ran]:
    """Alice's page, and the statement that gave it."""
    asked = parse_query(f"{query}&limit={LIMIT}".removeprefix("&").encode(), TaskQuery)
    question = question_from(asked, datetime.now(UTC))
    if deep:
        cursor = encode_cursor(question.digest, deep_keys(asked.sort))
        asked = msgspec.structs.replace(asked, cursor=cursor)
    return await crowd.page(TASK_LIST, question, asked, copy)


async def work_of(
    crowd: Crowd, mode: PlanCacheMode, query: str, *, seqscan: bool = True, **asked: Any
) -> Work:
    """What the engine does for a page."""
    _, ran = await page_of(crowd, query, **asked)
    return await crowd.work(ran, mode, seqscan=seqscan)


@pytest.fixture(scope="module")
async def crowd(module_database_url: str) -> AsyncIterator[Crowd]:
    """200,000 tasks of Alice's among other people's."""
    async with crowded(module_database_url, table_of(Task), rows()) as crowd:
        yield crowd


@pytest.mark.parametrize("query", FLAT)
async def test_a_page_deep_in_the_list_costs_what_the_first_does(crowd: Crowd, query: str) -> None:
    names, key = FLAT[query]
    for mode in get_args(PlanCacheMode):
        first, deep = await work_of(crowd, mode, query), await work_of(crowd, mode, query, deep=True)
        for work in (first, deep):
            [found_by] = work.indexes
            index, condition = found_by.split(" ", 1)
            assert index in names
            assert condition.startswith(("(user_id=?", "(((user_id)"))
            assert f"{key}<?" in condition or f"{key}>?" in condition or f"({key} " in condition
            assert (work.sorts, work.reads_all) == (False, False)
            assert work.rows <= 2 * LIMIT
            assert work.cost <= COST_MAX[crowd.engine]
        assert 0 < deep.cost <= first.cost * 1.1 + 2


@pytest.mark.parametrize("query", [*FLAT, *TOP, "total=true"])
async def test_an_unchanged_list_is_not_read(crowd: Crowd, query: str) -> None:
    page, _ = await page_of(crowd, query)
    assert page.tag
    assert page.body
    again, _ = await page_of(crowd, query, copy=page.tag)
    assert again == Page(page.tag, None)
    work = await work_of(crowd, "force_custom_plan", query, copy=page.tag)
    assert work.rows == 0
    assert work.cost <= 300


@pytest.mark.parametrize("query", TOP)
async def test_another_order_sorts_the_rows_of_one_person(crowd: Crowd, query: str) -> None:
    work = await work_of(crowd, "force_custom_plan", query, seqscan=False)
    [found_by] = work.indexes
    assert "(user_id=? AND id>?)" in found_by or "(user_id)" in found_by
    assert (work.sorts, work.reads_all) == (True, False)


@pytest.mark.parametrize("query", ["created_from=2020-06-10", "created_to=2020-01-03"])
@pytest.mark.parametrize("order", ["sort=title", "sort=-due", "total=true"])
async def test_a_range_of_creation_is_all_that_is_read(crowd: Crowd, query: str, order: str) -> None:
    work = await work_of(crowd, "force_generic_plan", f"{query}&{order}", seqscan=False)
    assert work.rows <= ROWS // 20
    assert work.cost <= ROWS


async def test_a_total_counts_the_rows_of_one_person(crowd: Crowd) -> None:
    work = await work_of(crowd, "force_custom_plan", "total=true", seqscan=False)
    assert len(work.indexes) == 2
    assert all("(user_id=? AND id" in found_by or "(user_id)" in found_by for found_by in work.indexes)
    assert not work.reads_all
