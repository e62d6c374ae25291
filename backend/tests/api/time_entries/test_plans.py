"""Among 50,000 entries of one person's, a request reads what it is about and no more."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest
from sqlalchemy import Select

from app.api.time_entries.queries import IN_THE_WAY, SHOWN, TIME_ENTRY_LIST, facts_statement
from app.api.time_entries.rules import question_from
from app.api.time_entries.schemas import TimeEntryQuery
from app.api.timer.queries import CURRENT
from app.core.http.query_strings import parse_query
from app.core.http.wire import END_OF_TIME
from app.core.rows.pages import Page
from app.models.base import table_of
from app.models.time_entry import TimeEntry
from tests.api.crowded import Crowd, Ran, crowded
from tests.api.plans import PlanCacheMode
from tests.api.time_entries.crowd import LONG, ROWS, id_of, rows, started

LIMIT = 50
COST_MAX = {"sqlite": 100 * LIMIT, "postgres": 2 * LIMIT}
"""The most that reading a page of entries costs: steps, and pages of the disk."""
MODES: tuple[PlanCacheMode, ...] = get_args(PlanCacheMode)


async def page_of(crowd: Crowd, query: str, copy: str = "") -> tuple[Page, Ran]:
    """Alice's page, and the statement that gave it."""
    asked = parse_query(f"{query}&limit={LIMIT}".removeprefix("&").encode(), TimeEntryQuery)
    return await crowd.page(TIME_ENTRY_LIST, question_from(asked), asked, copy)


@pytest.fixture(scope="module")
async def crowd(module_database_url: str) -> AsyncIterator[Crowd]:
    """50,000 entries of Alice's among other people's."""
    async with crowded(module_database_url, table_of(TimeEntry), rows()) as crowd:
        yield crowd


BY_DAY = {
    "sort=-day": 50,
    "sort=day": 50,
    "sort=-day&day_from=2021-05-01&day_to=2021-05-01": 39,
    "sort=day&day_from=2021-05-01&day_to=2021-05-01": 39,
    "sort=-day&day_from=2021-01-01&day_to=2021-12-31": 50,
    "sort=day&day_from=2023-01-01": 50,
    "sort=-day&day_to=2020-01-03": 50,
    "sort=day&day_to=2019-12-31": 0,
}


@pytest.mark.parametrize("query", BY_DAY)
async def test_a_range_of_days_is_all_that_is_read(crowd: Crowd, query: str) -> None:
    page, ran = await page_of(crowd, query)
    assert page.body
    assert len(msgspec.json.decode(page.body)["items"]) == BY_DAY[query]
    for mode in MODES:
        work = await crowd.work(ran, mode)
        [found_by] = work.indexes
        index, condition = found_by.split(" ", 1)
        assert index == "ix_time_entries_by_day"
        assert "entry_date" in condition
        assert (work.sorts, work.reads_all) == (False, False)
        assert work.rows <= 2 * LIMIT
        assert work.cost <= COST_MAX[crowd.engine]


@pytest.mark.parametrize("sort", ["", "&sort=-day", "&sort=day", "&sort=-started_at", "&sort=duration"])
async def test_what_runs_is_found_at_once(crowd: Crowd, sort: str) -> None:
    page, ran = await page_of(crowd, f"running=true{sort}")
    assert page.body
    assert [row["id"] for row in msgspec.json.decode(page.body)["items"]] == [str(id_of(ROWS - 1))]
    for mode in MODES:
        work = await crowd.work(ran, mode)
        assert any(found_by.startswith("uq_time_entries_running ") for found_by in work.indexes)
        assert work.rows <= 2
        assert work.cost <= 300


@pytest.mark.parametrize("statement", [CURRENT, facts_statement(())], ids=["current", "facts"])
async def test_what_every_write_asks_reads_the_one_that_runs(crowd: Crowd, statement: Select[Any]) -> None:
    found, ran = await crowd.rows(statement)
    assert str(id_of(ROWS - 1)) in str(found)
    for mode in MODES:
        work = await crowd.work(ran, mode)
        assert any(found_by.startswith("uq_time_entries_running ") for found_by in work.indexes)
        assert work.rows <= 1
        assert work.cost <= 200


LONG_ONE = 29_999
WAYS: list[tuple[datetime, datetime, list[int]]] = [
    (started(100), started(101), [100]),
    (started(30_001), started(30_002), [LONG_ONE, 30_001]),
    (started(30_001) + timedelta(minutes=20), started(30_002), [LONG_ONE]),
    (started(29_999) + LONG, started(29_999) + LONG + timedelta(minutes=1), []),
    (started(59_000), started(59_002), [59_000, 59_001]),
    (started(ROWS), END_OF_TIME, [ROWS - 1]),
]


@pytest.mark.parametrize(("start", "end", "numbers"), WAYS)
async def test_what_is_in_the_way_is_found_without_all_that_came_before(
    crowd: Crowd, start: datetime, end: datetime, numbers: list[int]
) -> None:
    wanted = [str(id_of(number)) for number in numbers if number % 6]
    found, ran = await in_the_way(crowd, start, end)
    assert [msgspec.json.decode(row[0])["id"] for row in found] == wanted
    for mode in MODES:
        work = await crowd.work(ran, mode)
        names = {found_by.split(" ", 1)[0] for found_by in work.indexes}
        assert {"ix_time_entries_by_start", "ix_time_entries_long"} <= names
        assert not work.reads_all
        assert work.rows <= 2 * LIMIT
        assert work.cost <= 2_000


async def test_of_many_in_the_way_the_first_are_read(crowd: Crowd) -> None:
    found, ran = await in_the_way(crowd, started(0), END_OF_TIME)
    assert len(found) == SHOWN
    for mode in MODES:
        work = await crowd.work(ran, mode)
        assert work.rows <= 2 * LIMIT
        assert work.cost <= 5_000


async def in_the_way(crowd: Crowd, start: datetime, end: datetime) -> tuple[list[Any], Ran]:
    """What is in the way of a new entry."""
    return await crowd.rows(
        IN_THE_WAY,
        own_id=id_of(ROWS + 1),
        way_from=start,
        way_from_less_a_day=start - timedelta(days=1),
        way_to=end,
    )


@pytest.mark.parametrize("query", ["", "sort=-day", "sort=-started_at", "include=names", "running=true"])
async def test_an_unchanged_list_is_not_read(crowd: Crowd, query: str) -> None:
    page, _ = await page_of(crowd, query)
    assert page.tag
    again, ran = await page_of(crowd, query, page.tag)
    assert again == Page(page.tag, None)
    work = await crowd.work(ran, "force_custom_plan")
    assert (work.rows, work.cost <= 300) == (0, True)


async def test_the_trash_has_an_index_of_its_own(crowd: Crowd) -> None:
    _, ran = await page_of(crowd, "trash=true")
    for mode in MODES:
        work = await crowd.work(ran, mode)
        assert [found_by.split(" ", 1)[0] for found_by in work.indexes] == ["ix_time_entries_trashed"]
        assert work.cost <= COST_MAX[crowd.engine]
