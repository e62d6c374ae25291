"""What a real Postgres does to a request: gives it up, ends its connection, loses its COMMIT."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar
from sqlalchemy import Connection
from sqlalchemy.util import await_only

from tests.api.tasks.calls import TASKS, add, at, titles
from tests.core.db.databases import checked_out
from tests.core.http.chances import CHANGE, KEY, WATER, before, runs
from tests.service import client_of, running, settings_for


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.fixture
async def postgres(postgres_database_url: str) -> AsyncIterator[Litestar]:
    async with running(settings_for(postgres_database_url, auto_migrate=False)) as app:
        yield app


@pytest.fixture
async def her(postgres: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Alice, at a service over Postgres."""
    async with client_of(postgres, "alice") as client:
        yield client


@pytest.fixture
async def operator(postgres_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else at the same Postgres."""
    connection = await asyncpg.connect(postgres_database_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_what_postgres_itself_gives_up_is_run_again(
    operator: asyncpg.Connection, her: httpx.AsyncClient, sqlstate: str, caplog: pytest.LogCaptureFixture
) -> None:
    await operator.execute("CREATE SEQUENCE runs")
    await operator.execute(
        "CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('runs') < 3 THEN RAISE EXCEPTION 'words' USING ERRCODE = '{sqlstate}'; END IF;"
        " RETURN NEW; END $$"
    )
    await operator.execute(
        "CREATE TRIGGER give_up BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION give_up()"
    )
    answer = await her.post(TASKS, json=WATER)
    assert (answer.status_code, answer.json()["seq"]) == (201, 1)
    assert runs(caplog) == [sqlstate] * 2
    assert await titles(her) == ["Water"]


async def test_a_commit_that_postgres_refuses_is_run_again(
    operator: asyncpg.Connection, her: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await operator.execute("CREATE SEQUENCE runs")
    await operator.execute(
        "CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('runs') < 2 THEN RAISE EXCEPTION 'words' USING ERRCODE = '40001'; END IF;"
        " RETURN NULL; END $$"
    )
    await operator.execute(
        "CREATE CONSTRAINT TRIGGER give_up AFTER INSERT ON tasks DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION give_up()"
    )
    assert (await her.post(TASKS, json=WATER)).status_code == 201
    assert runs(caplog) == ["40001"]
    assert await titles(her) == ["Water"]


async def test_who_loses_a_deadlock_comes_second(
    operator: asyncpg.Connection, her: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    task = await add(her)
    async with operator.transaction():
        await operator.execute("UPDATE tasks SET priority = 'low'")
        patch = asyncio.create_task(her.patch(at(task), json=WATER))
        await asyncio.sleep(0.3)
        await operator.execute("UPDATE change_heads SET seq = seq + 1")
    answer = await patch
    assert (answer.status_code, answer.json()["seq"]) == (200, 3)
    assert answer.json()["priority"] == "low"
    assert runs(caplog) == ["40P01"]


def killing(operator: asyncpg.Connection) -> Callable[[Connection], None]:
    """Ends the connection from the server's side."""

    def happens(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        await_only(operator.execute("SELECT pg_terminate_backend($1, 5000)", driver.get_server_pid()))

    return happens


@pytest.mark.parametrize("statement", ["INSERT INTO change_heads", CHANGE])
async def test_a_connection_that_is_lost_before_the_commit_is_replaced(
    postgres: Litestar, operator: asyncpg.Connection, her: httpx.AsyncClient, statement: str
) -> None:
    with before(postgres, statement, killing(operator), 2):
        answer = await her.post(TASKS, json=WATER)
    assert (answer.status_code, answer.json()["seq"]) == (201, 1)
    assert await titles(her) == ["Water"]
    assert checked_out(postgres.state.database) == 0


def losing_the_answer(connection: Connection) -> None:
    """The COMMIT takes place, and nobody hears of it."""
    driver: Any = connection.connection.driver_connection
    await_only(driver.execute("COMMIT"))
    raise ConnectionResetError(104, "words")


@pytest.mark.parametrize("is_committed", [True, False])
@pytest.mark.parametrize("headers", [{}, KEY], ids=["without a key", "with a key"])
async def test_a_connection_that_is_lost_during_the_commit_doubles_nothing(
    postgres: Litestar,
    operator: asyncpg.Connection,
    her: httpx.AsyncClient,
    is_committed: bool,
    headers: dict[str, str],
) -> None:
    with before(postgres, "COMMIT", losing_the_answer if is_committed else killing(operator), 1):
        answer = await her.post(TASKS, json=WATER, headers=headers)
    if headers:
        assert (answer.status_code, answer.json()["seq"]) == (201, 1)
        assert ("idempotency-replayed" in answer.headers) == is_committed
        again = await her.post(TASKS, json=WATER, headers=headers)
        assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")
    else:
        assert answer.status_code == 503
    assert len(await titles(her)) == bool(headers or is_committed)
