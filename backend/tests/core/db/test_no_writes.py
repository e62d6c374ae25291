"""A database that can be read but not written: 503 for who writes, with a word to the operator."""

import logging

import httpx
import pytest
from sqlalchemy import text

from app.core.db.errors import problem_of
from app.core.errors import UnavailableError
from tests.core.db.databases import checked_out, opened, run
from tests.core.db.read_only import make_read_only, make_writable
from tests.service import client_of, running, settings_for

TASKS = "/api/v1/tasks"


def refused(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.json()["detail"] == "The database can't take writes now."


async def test_it_is_told_and_read_on(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    await make_read_only(database_url)
    async with (
        running(settings_for(database_url, auto_migrate=False)) as app,
        client_of(app, "alice") as alice,
    ):
        caplog.clear()
        refused(await alice.post(TASKS, json={"title": "Water the plants"}))
        assert (await alice.get(TASKS)).json()["items"] == []
        assert checked_out(app.state.database) == 0
    (loud,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert loud.getMessage() == "the database takes no writes"
    assert loud.__dict__["cause"] in ("25006", "SQLITE_READONLY")


async def test_a_demoted_primary_is_left_and_found_again(postgres_database_url: str) -> None:
    bounds = {"db_pool_size": 1, "db_max_overflow": 0}
    await make_read_only(postgres_database_url)
    async with (
        running(settings_for(postgres_database_url, auto_migrate=False, **bounds)) as app,
        client_of(app, "alice") as alice,
    ):
        refused(await alice.post(TASKS, json={"title": "Water the plants"}))
        await make_writable(postgres_database_url)
        assert (await alice.post(TASKS, json={"title": "Water the plants"})).status_code == 201


async def test_a_full_disk(sqlite_database_url: str) -> None:
    async with opened(sqlite_database_url) as database, database.session() as session:
        await run(session, text("PRAGMA max_page_count=1"))
        with pytest.raises(Exception, match="full") as caught:
            await run(session, text("CREATE TABLE notes AS SELECT zeroblob(1000000) AS n"))
        assert isinstance(problem := problem_of(caught.value), UnavailableError)
        assert problem.detail == "The database can't take writes now."
