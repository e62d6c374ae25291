"""Where SQLite's statements run: what takes a moment in the event loop, all else in its thread."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from math import inf
from pathlib import Path
from typing import Any

import pytest

from app.core.db import sqlite_connection
from app.core.db.sqlite_connection import TAKE_LOCK, Connection

NOTE = "SELECT note()"
LONG = """
WITH RECURSIVE counted (n) AS (
    SELECT 1 + coalesce(note(), 0) UNION ALL SELECT n + 1 FROM counted WHERE n < 100000
)
SELECT count(*) FROM counted
"""
BUSY = "PRAGMA busy_timeout"

Notes = list[bool]
"""For each statement that took note, whether it ran in the event loop."""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment is a minute: what does not take long is in time on any machine."""
    monkeypatch.setattr(sqlite_connection, "HERE", sqlite_connection.HERE._replace(seconds=60))


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Connection]:
    connection: Any = await Connection(str(tmp_path / "app.db"), timeout_seconds=60, read_only=True)
    yield connection
    await connection.close()


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Connection]:
    connection: Any = await Connection(str(tmp_path / "app.db"), timeout_seconds=60)
    yield connection
    await connection.close()


async def noted_on(connection: Connection) -> Notes:
    notes: Notes = []
    loop = threading.get_ident()

    def note() -> None:
        notes.append(threading.get_ident() == loop)

    await connection.create_function("note", 0, note)
    return notes


async def test_a_short_read_runs_in_the_event_loop(reader: Connection) -> None:
    notes = await noted_on(reader)
    assert await reader.fetch(NOTE) == [(None,)]
    assert await reader.fetch("SELECT ?, note()", 7) == [(7, None)]
    assert notes == [True, True]


async def test_a_long_read_is_given_up_there_and_runs_in_the_thread(
    reader: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = await noted_on(reader)
    assert await reader.fetch(LONG) == [(100_000,)]
    assert notes == [True, False]
    notes.clear()
    assert await reader.fetch(LONG) == [(100_000,)]
    assert await reader.fetch(NOTE) == [(None,)]
    assert notes == [False, True], "this statement is not tried again at once; others are"
    monkeypatch.setattr(reader, "_elsewhere_until", dict.fromkeys(reader._elsewhere_until, 0.0))
    notes.clear()
    await reader.fetch(LONG)
    assert notes == [True, False], "later it is"


async def test_nobody_waits_for_a_lock_in_the_event_loop(reader: Connection) -> None:
    for _ in range(2):
        assert await reader.fetch(BUSY) == [(0,)]
        assert list(await reader.execute_fetchall(BUSY)) == [(5000,)]


async def test_what_is_wrong_is_said_as_ever(reader: Connection) -> None:
    for _ in range(2):
        with pytest.raises(sqlite3.OperationalError, match="no such column: nonsense"):
            await reader.fetch("SELECT nonsense")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await reader.fetch("CREATE TABLE notes (n)")


async def test_a_transaction_runs_in_the_thread(reader: Connection) -> None:
    notes = await noted_on(reader)
    reader.begins_with = "BEGIN"
    await reader.fetch(NOTE)
    await reader.fetch(NOTE)
    await reader.rollback()
    await reader.fetch(NOTE)
    assert notes == [False, False, True]


async def test_no_long_read_is_given_up_in_the_thread(reader: Connection) -> None:
    await noted_on(reader)
    for _ in range(60):  # what SQLite counts to the next look at the clock goes on from run to run
        reader._elsewhere_until.clear()
        assert await reader.fetch(LONG) == [(100_000,)]


@pytest.mark.usefixtures("patient")
async def test_what_who_has_the_lock_runs_is_run_in_the_event_loop(writer: Connection) -> None:
    notes = await noted_on(writer)
    await writer.fetch(NOTE)
    writer.begins_with = TAKE_LOCK
    assert await writer.fetch("CREATE TABLE notes (n)") == []
    assert await writer.fetch("INSERT INTO notes VALUES (?) RETURNING n, note()", 7) == [(7, None)]
    with pytest.raises(sqlite3.OperationalError, match="no such column: nonsense"):
        await writer.fetch("INSERT INTO notes VALUES (nonsense)")
    assert list(await writer.execute_fetchall("SELECT n FROM notes")) == [(7,)], "it goes on"
    await writer.rollback()
    await writer.fetch(NOTE)
    assert notes == [False, True, False]


async def test_who_has_the_lock_holds_up_the_event_loop_for_a_moment_only(writer: Connection) -> None:
    notes = await noted_on(writer)
    writer.begins_with = TAKE_LOCK
    await writer.fetch("CREATE TABLE notes (n)")
    assert await writer.fetch(LONG) == [(100_000,)], "which is later than a moment now"
    notes.clear()
    await writer.fetch("INSERT INTO notes SELECT note()")
    await writer.fetch(NOTE)
    assert notes == [False, False]


@pytest.mark.usefixtures("patient")
async def test_a_long_read_of_who_has_the_lock_leaves_the_transaction_be(
    writer: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = await noted_on(writer)
    writer.begins_with = TAKE_LOCK
    await writer.fetch("CREATE TABLE notes (n)")
    monkeypatch.setattr(writer, "_locked_at", inf)
    monkeypatch.setattr(sqlite_connection, "HERE", sqlite_connection.HERE._replace(seconds=0.001))
    assert await writer.fetch(f"SELECT * FROM ({LONG})") == [(100_000,)]
    assert notes == [True, False]
    assert writer.in_transaction
    assert await writer.fetch("SELECT count(*) FROM notes") == [(0,)]


@pytest.mark.usefixtures("patient")
async def test_the_lock_is_waited_for_in_the_thread(writer: Connection, tmp_path: Path) -> None:
    notes = await noted_on(writer)
    with closing(sqlite3.connect(tmp_path / "app.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE").close()
        writer.begins_with = TAKE_LOCK
        waiting = asyncio.create_task(writer.fetch(NOTE))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        other.execute("COMMIT").close()
    await waiting
    await writer.fetch(NOTE)
    assert notes == [False, True]


@pytest.mark.usefixtures("patient")
async def test_a_transaction_that_takes_no_lock_runs_in_the_thread(writer: Connection) -> None:
    notes = await noted_on(writer)
    for begins_with in (TAKE_LOCK, "BEGIN"):
        writer.begins_with = begins_with
        await writer.fetch(NOTE)
        await writer.rollback()
    assert notes == [True, False]


async def test_what_is_abandoned_runs_nothing_in_the_event_loop(reader: Connection) -> None:
    notes = await noted_on(reader)
    await reader.abandon()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        await reader.fetch(NOTE)
    assert notes == []
