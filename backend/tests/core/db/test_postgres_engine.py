"""The engine for Postgres: what each connection is told, and when it is asked whether it lives."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.config import Settings
from app.core.db import postgres
from app.core.db.postgres import connect_args
from app.core.db.session import Database
from tests.core.db.databases import opened, run

ONE = text("SELECT 1")


@pytest.fixture
async def database(empty_postgres_database_url: str) -> AsyncIterator[Database]:
    async with opened(empty_postgres_database_url, db_pool_size=1, db_max_overflow=0) as database:
        yield database


async def driver_of(database: Database) -> Any:
    async with database.engine.connect() as connection:
        return (await connection.get_raw_connection()).driver_connection


async def use(database: Database) -> int:
    async with database.session(read_only=True) as session:
        return int((await run(session, text("SELECT pg_backend_pid()"))).scalar_one())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("timezone", "UTC"),
        ("application_name", "daybook"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("lock_timeout", "1500ms"),
        ("transaction_isolation", "read committed"),
        ("transaction_read_only", "off"),
    ],
)
async def test_every_connection_is_told(database: Database, setting: str, value: str) -> None:
    async with database.session() as session:
        assert (await run(session, text(f"SHOW {setting}"))).scalar_one() == value


async def test_reading_is_read_only_and_what_follows_is_not(database: Database) -> None:
    async with database.session(read_only=True) as session:
        with pytest.raises(DBAPIError, match="read-only"):
            await run(session, text("CREATE TABLE notes (n int)"))
    async with database.session() as session:
        await run(session, text("CREATE TABLE notes (n int)"))
        await session.commit()


def test_a_pooler_gets_no_setting_that_it_refuses() -> None:
    settings = Settings(database_url="postgres://bob@h:6432/d?options=-cjit%3Doff")
    arguments = connect_args(settings.database, settings)
    assert arguments["server_settings"] == {"timezone": "UTC", "application_name": "daybook"}
    assert arguments["statement_cache_size"] == arguments["prepared_statement_cache_size"] == 0


def test_what_the_url_says_wins() -> None:
    settings = Settings(database_url="postgres://bob@h/d?application_name=cron&connect_timeout=9")
    arguments = connect_args(settings.database, settings)
    assert arguments["server_settings"]["application_name"] == "cron"
    assert (arguments["timeout"], arguments["command_timeout"]) == (9, 11)


async def test_a_connection_is_pinged_only_after_it_was_idle(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    driver = await driver_of(database)
    driver.add_query_logger(lambda record: asked.append(record.query))
    for _ in range(3):
        await use(database)
    assert "SELECT 1" not in asked
    monkeypatch.setattr(postgres, "IDLE_SECONDS", -1.0)
    await use(database)
    assert asked.count("SELECT 1") == 1


async def test_a_connection_that_died_is_replaced_before_it_is_used(
    database: Database, empty_postgres_database_url: str
) -> None:
    first = await use(database)
    async with opened(empty_postgres_database_url) as other, other.session() as session:
        await run(session, text(f"SELECT pg_terminate_backend({first}, 2000)"))
    assert await use(database) != first


async def test_a_ping_without_answer_replaces_the_connection(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await use(database)
    monkeypatch.setattr(postgres, "IDLE_SECONDS", -1.0)
    monkeypatch.setattr(postgres, "PING_SECONDS", 0.0)
    assert await use(database) != first


async def test_a_connection_that_dies_in_use_is_given_back(
    database: Database, empty_postgres_database_url: str
) -> None:
    async with database.session() as session:
        pid = (await run(session, text("SELECT pg_backend_pid()"))).scalar_one()
        async with opened(empty_postgres_database_url) as other, other.session() as killer:
            await run(killer, text(f"SELECT pg_terminate_backend({pid}, 2000)"))
        with pytest.raises(DBAPIError) as caught:
            await run(session, ONE)
        assert caught.value.connection_invalidated
    assert await use(database) != pid
