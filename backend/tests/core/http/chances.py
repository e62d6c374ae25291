"""What can go wrong by chance with a database, at the moment that a test chooses."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest
from litestar import Litestar
from sqlalchemy import Connection, event

WATER = {"title": "Water"}
KEY = {"Idempotency-Key": "one of alice's"}
CHANGE = "INSERT INTO tasks"


def chance(engine_name: str) -> Exception:
    """What the engine says to who was given up for another."""
    if engine_name == "postgres":
        given_up: Exception = asyncpg.SerializationError("words")
        return given_up
    error = sqlite3.OperationalError("words")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


@contextmanager
def before(
    app: Litestar, statement: str, happens: Callable[[Connection], None], times: int
) -> Iterator[None]:
    """Has something happen before a statement, or before COMMIT, this many times."""
    left = [happens] * times

    def run(connection: Connection, *_: Any) -> None:
        if left:
            left.pop()(connection)

    def look(connection: Connection, _: Any, sql: str, *__: Any) -> None:
        if sql.startswith(statement):
            run(connection)

    name, listener = ("commit", run) if statement == "COMMIT" else ("before_cursor_execute", look)
    engines = [engine.sync_engine for engine in app.state.database.engines]
    for engine in engines:
        event.listen(engine, name, listener)
    yield
    for engine in engines:
        event.remove(engine, name, listener)
    assert left == []


def raising(error: Exception) -> Callable[[Connection], None]:
    def happens(_: Connection) -> None:
        raise error

    return happens


def runs(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Why requests were run again, each time."""
    return [record.cause for record in caplog.records if record.message == "run again"]  # type: ignore[attr-defined] # extra
