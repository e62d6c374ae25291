"""Health: of the service, and of its database, healthy, behind, down and silent."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from litestar import Litestar

from app.api.health.probe import ANSWER_WITHIN_SECONDS
from app.core.db.migrations.revisions import Revisions, revisions
from tests.core.db.databases import checked_out, closed_port, idle
from tests.migrations.running import look
from tests.service import client_of, running, settings_for

DIALECTS = {"sqlite": "sqlite", "postgres": "postgresql"}


@asynccontextmanager
async def asked_about(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service on this database, which it does not migrate."""
    async with running(settings_for(database_url, auto_migrate=False)) as app, client_of(app) as client:
        yield client


@asynccontextmanager
async def silent_database() -> AsyncIterator[tuple[str, list[object]]]:
    """The URL of a port that accepts and never answers, and who is connected to it."""
    connected: list[object] = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(writer)
        await reader.read(-1)
        connected.remove(writer)
        writer.close()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"postgresql://alice:hunter2@127.0.0.1:{port}/daybook?sslmode=disable", connected


def unavailable(answer: httpx.Response) -> dict[str, Any]:
    """The document of a database that does not answer."""
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == "unavailable"
    return document


async def test_health_is_these_bytes_and_asks_no_database(app: Litestar, nobody: httpx.AsyncClient) -> None:
    await app.state.database.dispose()
    for _ in range(3):
        answer = await nobody.get("/health")
        assert (answer.status_code, answer.content) == (200, b'{"status":"healthy"}')
        assert answer.headers["content-type"] == "application/json"
    assert idle(app.state.database) == 0


async def test_a_healthy_database(nobody: httpx.AsyncClient, app: Litestar, engine_name: str) -> None:
    answer = await nobody.get("/health/db")
    document = answer.json()
    assert 0 < document.pop("latency_ms") < 1000
    assert (answer.status_code, document) == (
        200,
        {
            "status": "healthy",
            "database": "up",
            "dialect": DIALECTS[engine_name],
            "revision": revisions().head,
            "head": revisions().head,
        },
    )
    assert checked_out(app.state.database) == 0


async def test_an_empty_database_is_behind(empty_database_url: str) -> None:
    async with asked_about(empty_database_url) as nobody:
        answer = await nobody.get("/health/db")
    document = answer.json()
    assert answer.status_code == 503
    assert (document["status"], document["database"], document["revision"]) == ("behind", "up", None)
    assert answer.headers["retry-after"] == "1"


async def test_a_database_of_newer_code_is_ahead_and_served(database_url: str) -> None:
    """While a new version is rolled out, the old one is still needed."""
    await look(database_url, lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'"))
    async with asked_about(database_url) as nobody:
        answer = await nobody.get("/health/db")
    document = answer.json()
    assert (answer.status_code, document["status"], document["revision"]) == (200, "ahead", "newer")
    assert document["head"] == revisions().head
    assert "retry-after" not in answer.headers


def test_where_a_database_stands() -> None:
    revisions = Revisions("c", frozenset("abc"))
    stands = {at: revisions.standing(at) for at in (None, "a", "c", "d", "a and b", "b and d")}
    assert [at for at, standing in stands.items() if standing == "healthy"] == ["c"]
    assert [at for at, standing in stands.items() if standing == "behind"] == [None, "a", "a and b"]
    assert [at for at, standing in stands.items() if standing == "ahead"] == ["d", "b and d"]


async def test_a_database_that_is_down() -> None:
    url = f"postgresql://alice:hunter2@127.0.0.1:{closed_port()}/daybook"
    async with asked_about(url) as nobody:
        began = time.monotonic()
        answer = await nobody.get("/health/db")
        assert time.monotonic() - began < 1
    assert unavailable(answer) == {
        "status": "unavailable",
        "database": "down",
        "dialect": "postgresql",
        "revision": None,
        "head": revisions().head,
        "latency_ms": None,
    }


async def test_a_silent_database_is_told_within_a_second_however_often_it_is_asked() -> None:
    assert ANSWER_WITHIN_SECONDS < 1
    async with silent_database() as (url, connected):
        async with asked_about(url) as nobody:
            tasks = len(asyncio.all_tasks())
            began = time.monotonic()
            await asyncio.gather(*(nobody.get("/health") for _ in range(100)))
            pace = time.monotonic() - began  # what as many cost this machine now, without any database
            began = time.monotonic()
            answers = await asyncio.gather(*(nobody.get("/health/db") for _ in range(100)))
            assert time.monotonic() - began < 1.5 + pace
            for answer in answers:
                unavailable(answer)
            assert len(connected) <= 1
            assert len(asyncio.all_tasks()) <= tasks + 1
            began = time.monotonic()
            unavailable(await nobody.get("/health/db"))
            assert time.monotonic() - began < 1 + pace
            assert len(connected) <= 1
        await asyncio.sleep(0.1)
        assert connected == []


async def test_a_database_that_comes_back_is_healthy_again(database_url: str) -> None:
    bounds = {"db_pool_size": 1, "db_max_overflow": 0, "db_pool_timeout_seconds": 0.2}
    async with (
        running(settings_for(database_url, auto_migrate=False, **bounds)) as app,
        client_of(app) as nobody,
    ):
        async with app.state.database.session(read_only=True) as session:
            await session.connection()
            unavailable(await nobody.get("/health/db"))
        assert (await nobody.get("/health/db")).status_code == 200


async def test_health_needs_no_token_and_minds_none(nobody: httpx.AsyncClient) -> None:
    for path in ("/health", "/health/db"):
        answer = await nobody.get(path, headers={"Authorization": "Bearer no.such.token"})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


async def test_asking_often_leaves_nothing(app: Litestar, nobody: httpx.AsyncClient) -> None:
    tasks = len(asyncio.all_tasks())
    answers = await asyncio.gather(*(nobody.get("/health/db") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert checked_out(app.state.database) == 0
    assert idle(app.state.database) == 1
    assert len(asyncio.all_tasks()) <= tasks
