"""What is tracked on the tasks of a page costs the entries of those tasks, by the plans and by counting."""

from typing import get_args

import httpx
import pytest

from tests.api.entries import listed
from tests.api.plans import PlanCacheMode, on_postgres, on_sqlite
from tests.api.tasks.calls import TASKS
from tests.api.years import ENTRIES
from tests.api.years import TASKS as TASK_COUNT
from tests.service import Statement

LIMIT = 10
READ = (LIMIT + 1) * ENTRIES // TASK_COUNT
"""Entries of the tasks on a page; it reads one task more."""
STEPS_EACH = 20


@pytest.fixture
def database_url(years_url: str) -> str:
    """What the service of these tests reads, and none of them changes."""
    return years_url


async def test_the_entries_of_the_tasks_on_the_page_are_read_and_no_others(
    alice: httpx.AsyncClient, statements: list[Statement], database_url: str
) -> None:
    found = await listed(alice, TASKS, include="tracked", limit=LIMIT)
    assert [task["tracked_seconds"] for task in found] == [ENTRIES // TASK_COUNT * 3600, 0] * (LIMIT // 2)
    [(statement, parameters)] = statements
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite:///")
        works = [on_sqlite(path, statement, parameters, "time_entries")]
        assert works[0].cost <= STEPS_EACH * READ
    else:
        works = [
            await on_postgres(database_url, statement, parameters, mode, table="time_entries")
            for mode in get_args(PlanCacheMode)
        ]
        assert max(work.rows for work in works) <= READ
        assert max(work.cost for work in works) <= 2 * READ
    for work in works:
        assert not work.reads_all
        assert any(found_by.startswith("ix_time_entries_of_task ") for found_by in work.indexes)
        assert all("user_id" in found_by for found_by in work.indexes), work.indexes
