"""A page of changes costs the same wherever it begins, however much there is, by plans and by counting."""

import sqlite3
from contextlib import closing
from itertools import islice
from typing import Any, get_args

import pytest
from sqlalchemy import Connection, event

from app.api import resources
from app.api.changes.queries import read_changes
from app.core.db.session import open_database
from app.models.base import table_of
from app.models.task import Task
from tests.api.crowded import load
from tests.api.plans import PlanCacheMode, Work, on_postgres, on_sqlite
from tests.api.tasks.crowd import rows, seq_of
from tests.service import settings_for

LIMIT = 50
ROWS = 60_000
RESOURCES = tuple(resources())
MIDDLE, LATE = sorted(seq_of(number) for number in range(ROWS) if number % 6)[ROWS // 3 :: ROWS // 3][:2]
"""Numbers with more of Alice's rows after them than a page holds."""
COST_MAX = {"sqlite": 200 * LIMIT, "postgresql": 3 * LIMIT}
"""Steps, and pages of the disk."""
INDEXES = sorted(
    str(index.name)
    for resource in RESOURCES
    for index in resource.table.indexes
    if [column.name for column in index.columns] == ["user_id", "seq"] and not index.dialect_kwargs
)
"""The feed's index of each table: the one on all rows."""


@pytest.fixture(scope="module")
async def crowded_url(module_database_url: str) -> str:
    """A database with many tasks of Alice's among other people's."""
    await load(module_database_url, table_of(Task), islice(rows(), ROWS))
    return module_database_url


async def statement_of(url: str, since: int) -> tuple[str, tuple[Any, ...], list[bytes]]:
    """The statement of a page of Alice's with its parameters, the very ones, and what it finds."""
    database = open_database(settings_for(url))
    ran: list[tuple[str, tuple[Any, ...]]] = []

    def note(_: Connection, __: Any, statement: str, parameters: tuple[Any, ...], *___: Any) -> None:
        ran.append((statement, parameters))

    try:
        event.listen(database.engines[-1].sync_engine, "before_cursor_execute", note)
        async with database.session(read_only=True) as session:
            found = await read_changes(session, "alice", RESOURCES, since, LIMIT + 1)
    finally:
        await database.dispose()
    return *ran[-1], found.items


async def work(url: str, mode: PlanCacheMode, since: int) -> tuple[list[str], Work]:
    """How the engine finds the rows of each table, and what a page costs it."""
    statement, parameters, items = await statement_of(url, since)
    assert len(items) == LIMIT + 1
    if url.startswith("postgresql"):
        every = await on_postgres(url, statement, parameters, mode, table="every")
        return list(every.indexes), await on_postgres(url, statement, parameters, mode)
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        details = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    tables = {resource.table.name for resource in RESOURCES}
    assert not any(detail in {f"SCAN {table}" for table in tables} for detail in details)
    found = on_sqlite(path, statement, parameters)
    ways = [detail.split(" USING INDEX ")[1] for detail in details if detail.startswith("SEARCH ")]
    return [way for way in ways if "seq>?" in way], found


@pytest.mark.parametrize("mode", get_args(PlanCacheMode))
async def test_a_page_anywhere_costs_what_the_first_does(crowded_url: str, mode: PlanCacheMode) -> None:
    engine = crowded_url.split(":")[0]
    costs = []
    for since in (0, MIDDLE, LATE):
        ways, found = await work(crowded_url, mode, since)
        assert sorted(way.split(" ")[0] for way in ways) == INDEXES
        assert all("user_id" in way and "seq" in way for way in ways)
        assert found.rows <= LIMIT + 1
        assert 0 < found.cost <= COST_MAX[engine]
        costs.append(found.cost)
    assert max(costs) <= costs[0] * 1.1 + 5
