"""A report on tasks over years of entries: by indexes, one pass over one person's entries and no more."""

from typing import get_args

import httpx
import pytest

from tests.api.entries import listed
from tests.api.plans import PlanCacheMode, on_postgres, on_sqlite
from tests.api.task_reports.test_task_reports import REPORT
from tests.api.years import ENTRIES
from tests.service import Statement

MONTH = {"from": "2022-05-01", "to": "2022-05-31", "tz": "Europe/Berlin"}
READ = 3 * ENTRIES
"""On a task, they are half of Alice's: once to know the tasks, and those of the page for sum and timer."""
STEPS_EACH = 60


@pytest.fixture
def database_url(years_url: str) -> str:
    """What the service of these tests reads, and none of them changes."""
    return years_url


@pytest.mark.parametrize("query", [{}, MONTH])
async def test_one_persons_entries_are_read_by_their_index(
    alice: httpx.AsyncClient,
    statements: list[Statement],
    database_url: str,
    query: dict[str, str],
) -> None:
    found = await listed(alice, REPORT, **query, limit="100")
    assert len(found) == 100
    assert [task["tracked_seconds"] > 0 for task in found] == [True, False, True] * 33 + [True]
    [(statement, parameters)] = statements
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite:///")
        works = [on_sqlite(path, statement, parameters, "time_entries")]
        assert works[0].cost <= STEPS_EACH * READ
        assert not works[0].reads_all
        assert all("user_id" in found_by for found_by in works[0].indexes), works
    else:
        works = [
            await on_postgres(database_url, statement, parameters, mode, table="time_entries")
            for mode in get_args(PlanCacheMode)
        ]
        assert max(work.rows for work in works) <= READ
    for work in works:
        assert any(found_by.startswith("ix_time_entries_of_task ") for found_by in work.indexes)
