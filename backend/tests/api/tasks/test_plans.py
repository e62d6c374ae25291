"""Lists cost the same however long they are and however deep the page lies, by the plans and by counting."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import Connection, event

from app.api.tasks.queries import TASK_LIST
from app.api.tasks.rules import question_from
from app.api.tasks.schemas import TaskQuery
from app.core.db.session import Database, open_database
from app.core.http.query_strings import parse_query
from app.core.rows.cursors import encode_cursor
from app.core.rows.pages import Page, read_page
from tests.api.tasks.crowd import ROWS, id_of, load_postgres, load_sqlite
from tests.api.tasks.plans import PlanCacheMode, Work, on_postgres, on_sqlite
from tests.postgres import create_database, drop_database
from tests.service import settings_for

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


@dataclass(frozen=True)
class Crowd:
    """The crowded database on one engine."""

    engine: str
    url: str
    database: Database

    async def page(
        self, query: str, *, deep: bool = False, copy: str = ""
    ) -> tuple[Page, str, tuple[Any, ...]]:
        """Alice's page, and the statement that gave it with its parameters: the very ones."""
        asked = parse_query(f"{query}&limit={LIMIT}".removeprefix("&").encode(), TaskQuery)
        question = question_from(asked, datetime.now(UTC))
        if deep:
            asked = msgspec.structs.replace(
                asked, cursor=encode_cursor(question.digest, deep_keys(asked.sort))
            )
        ran: list[tuple[str, tuple[Any, ...]]] = []

        def note(_: Connection, __: Any, statement: str, parameters: tuple[Any, ...], *___: Any) -> None:
            ran.append((statement, parameters))

        engine = self.database.engines[-1].sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            async with self.database.session(read_only=True) as session:
                page = await read_page(session, "alice", TASK_LIST, question, asked, [copy] if copy else [])
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return page, *ran[-1]

    async def work(self, mode: PlanCacheMode, query: str, *, seqscan: bool = True, **asked: Any) -> Work:
        """What the engine does for a page."""
        _, statement, parameters = await self.page(query, **asked)
        if self.engine == "sqlite":
            return on_sqlite(self.url.removeprefix("sqlite:///"), statement, parameters)
        return await on_postgres(self.url, statement, parameters, mode, seqscan=seqscan)


def deep_keys(sort: str) -> tuple[object, ...]:
    """The keys of a row with three quarters of all before it."""
    number = ROWS // 4 if sort.startswith("-") else ROWS * 3 // 4
    return (number,) if "updated_at" in sort else (id_of(number),)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def crowd(
    request: pytest.FixtureRequest,
    postgres_server: str,
    postgres_template: str,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Crowd]:
    """200,000 tasks of Alice's among other people's."""
    name = f"daybook_test_{uuid4().hex}"
    if request.param == "sqlite":
        path = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("crowd") / "app.db")
        load_sqlite(str(path))
        url = f"sqlite:///{path}"
    else:
        url = await create_database(postgres_server, name, postgres_template)
        await load_postgres(url)
    database = open_database(settings_for(url))
    yield Crowd(request.param, url, database)
    await database.dispose()
    await drop_database(postgres_server, name)


@pytest.mark.parametrize("query", FLAT)
async def test_a_page_deep_in_the_list_costs_what_the_first_does(crowd: Crowd, query: str) -> None:
    names, key = FLAT[query]
    for mode in get_args(PlanCacheMode):
        first, deep = await crowd.work(mode, query), await crowd.work(mode, query, deep=True)
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
    page, _, _ = await crowd.page(query)
    assert page.tag
    assert page.body
    again, _, _ = await crowd.page(query, copy=page.tag)
    assert again == Page(page.tag, None)
    work = await crowd.work("force_custom_plan", query, copy=page.tag)
    assert work.rows == 0
    assert work.cost <= 300


@pytest.mark.parametrize("query", TOP)
async def test_another_order_sorts_the_rows_of_one_person(crowd: Crowd, query: str) -> None:
    work = await crowd.work("force_custom_plan", query, seqscan=False)
    [found_by] = work.indexes
    assert "(user_id=? AND id>?)" in found_by or "(user_id)" in found_by
    assert (work.sorts, work.reads_all) == (True, False)


@pytest.mark.parametrize("query", ["created_from=2020-06-10", "created_to=2020-01-03"])
@pytest.mark.parametrize("order", ["sort=title", "sort=-due", "total=true"])
async def test_a_range_of_creation_is_all_that_is_read(crowd: Crowd, query: str, order: str) -> None:
    work = await crowd.work("force_generic_plan", f"{query}&{order}", seqscan=False)
    assert work.rows <= ROWS // 20
    assert work.cost <= ROWS


async def test_a_total_counts_the_rows_of_one_person(crowd: Crowd) -> None:
    work = await crowd.work("force_custom_plan", "total=true", seqscan=False)
    assert len(work.indexes) == 2
    assert all("(user_id=? AND id" in found_by or "(user_id)" in found_by for found_by in work.indexes)
    assert not work.reads_all
