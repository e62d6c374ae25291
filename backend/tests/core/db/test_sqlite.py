"""The engine for SQLite: its pragmas, its file, its memory, and what a cancellation leaves."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, OperationalError

from app.core.db.sqlite_connection import Connection
from tests.core.db.databases import FOREVER, checked_out, opened, run

TABLE = text("CREATE TABLE notes (n INTEGER PRIMARY KEY)")
INSERT = text("INSERT INTO notes SELECT coalesce(max(n), 0) + 1 FROM notes RETURNING n")
COUNT = text("SELECT count(*) FROM notes")


@pytest.fixture(params=["empty_sqlite_database_url", "memory_database_url"])
def file_or_memory(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("busy_timeout", 5000),
        ("journal_mode", "wal"),
        ("synchronous", 1),
        ("foreign_keys", 1),
        ("journal_size_limit", 67_108_864),
    ],
)
async def test_pragmas(empty_sqlite_database_url: str, pragma: str, value: object) -> None:
    async with opened(empty_sqlite_database_url) as database, database.session() as session:
        assert (await run(session, text(f"PRAGMA {pragma}"))).scalar_one() == value


async def test_writers_take_the_lock_first_and_readers_none(empty_sqlite_database_url: str) -> None:
    async with opened(empty_sqlite_database_url) as database:
        assert database.url.file
        with closing(sqlite3.connect(database.url.file, timeout=0, isolation_level=None)) as other:
            async with database.session(read_only=True) as reader:
                await run(reader, text("SELECT 1"))
                other.execute("BEGIN IMMEDIATE").close()
                other.execute("ROLLBACK").close()
            async with database.session() as writer:
                await run(writer, text("SELECT 1"))
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("BEGIN IMMEDIATE")


async def test_readers_are_refused_writes_and_writers_are_not(file_or_memory: str) -> None:
    async with opened(file_or_memory, db_pool_size=1, db_max_overflow=0) as database:
        async with database.engine.begin() as connection:
            await connection.execute(TABLE)
        for n in (1, 2):
            async with database.session(read_only=True) as reader:
                with pytest.raises(OperationalError, match="readonly"):
                    await run(reader, INSERT)
            async with database.session() as writer:
                assert (await run(writer, INSERT)).scalar_one() == n
                await writer.commit()


async def test_writers_are_served_in_the_order_of_coming(file_or_memory: str) -> None:
    async with opened(file_or_memory, db_pool_timeout_seconds=10) as database:
        served: list[int] = []

        async def write(number: int) -> None:
            async with database.session() as session:
                await run(session, INSERT)
                served.append(number)
                await asyncio.sleep(0.005)
                await session.commit()

        async with database.engine.begin() as connection:
            await connection.execute(TABLE)
        await asyncio.gather(*(write(number) for number in range(16)))
        assert served == list(range(16))


async def test_a_statement_is_one_trip_to_the_thread(
    empty_sqlite_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips: list[str] = []
    run_there = Connection._execute

    async def noted(self: Connection, function: Any, *arguments: Any, **named: Any) -> Any:
        trips.append(function.__name__)
        return await run_there(self, function, *arguments, **named)

    async with opened(empty_sqlite_database_url) as database:
        async with database.engine.begin() as connection:
            await connection.execute(TABLE)
        async with database.session(read_only=True) as session:
            await run(session, COUNT)
        monkeypatch.setattr(Connection, "_execute", noted)
        for read_only in (True, False):
            trips.clear()
            async with database.session(read_only=read_only) as session:
                assert (await run(session, COUNT)).scalar_one() == 0
                await session.commit()
            assert trips == ["_whole", "commit"], "begin and select, commit"


async def test_rows_can_be_streamed_and_many_written_at_once(empty_sqlite_database_url: str) -> None:
    async with opened(empty_sqlite_database_url) as database, database.session() as session:
        await run(session, TABLE)
        connection = await session.connection()
        written = await connection.execute(text("INSERT INTO notes VALUES (:n)"), [{"n": 1}, {"n": 2}])
        assert written.rowcount == 2
        streamed = await connection.stream(text("SELECT n FROM notes ORDER BY n"))
        assert [tuple(row) async for row in streamed] == [(1,), (2,)]
        one_by_one = await connection.stream(text("SELECT n FROM notes ORDER BY n"))
        assert [await one_by_one.fetchone() for _ in range(3)] == [(1,), (2,), None]


async def test_memory_is_one_connection_that_units_wait_for(memory_database_url: str) -> None:
    async with opened(memory_database_url, db_pool_timeout_seconds=10) as database:

        async def unit(number: int) -> None:
            async with database.session() as session:
                await run(session, INSERT)
                await asyncio.sleep(0)
                await run(session, INSERT)
                if number % 2:
                    await session.commit()

        async with database.engine.begin() as connection:
            await connection.execute(TABLE)
        await asyncio.gather(*(unit(number) for number in range(20)))
        async with database.session(read_only=True) as session:
            assert (await run(session, COUNT)).scalar_one() == 20, "two for each of the ten that committed"


async def test_memory_survives_cancellation_and_time_outs(memory_database_url: str) -> None:
    async with opened(memory_database_url, db_command_timeout_seconds=0.5) as database:

        async def forever() -> None:
            async with database.session() as session:
                await run(session, INSERT)
                await run(session, FOREVER["sqlite"])

        async with database.engine.begin() as connection:
            await connection.execute(TABLE)
        task = asyncio.create_task(forever())
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task], timeout=1)
        assert task.cancelled()
        with pytest.raises(OperationalError, match="interrupted"):
            await forever()
        assert checked_out(database) == 0
        async with database.session(read_only=True) as session:
            assert (await run(session, COUNT)).scalar_one() == 0


async def test_a_cancelled_statement_has_ended_when_the_cancellation_arrives(tmp_path: Path) -> None:
    connection = await Connection(str(tmp_path / "app.db"), timeout_seconds=60)
    await connection.execute(TABLE.text)
    for statement in (FOREVER["sqlite"].text, f"INSERT INTO notes {FOREVER['sqlite'].text}"):
        await connection.execute("BEGIN IMMEDIATE")
        task: asyncio.Task[Any] = asyncio.create_task(connection.execute_fetchall(statement))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task], timeout=1)
        assert task.cancelled()
        async with asyncio.timeout(1):
            await connection.rollback()
        async with asyncio.timeout(1), Connection(str(tmp_path / "app.db"), timeout_seconds=1) as other:
            await other.execute("BEGIN IMMEDIATE")
    await connection.close()


async def test_a_file_that_is_no_database_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "app.db").write_text("bob's diary, which is no database at all " * 100)
    async with opened(f"sqlite:///{tmp_path}/app.db") as database:
        with pytest.raises(DatabaseError, match="not a database"):
            await database.engine.connect()
