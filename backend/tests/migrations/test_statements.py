"""What the last release asks of the database runs on the newest schema too: its replicas are up meanwhile."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from litestar import Litestar

from app.models import metadata
from tests.api.operations import OPERATIONS
from tests.migrations.record import noting, read, write
from tests.migrations.running import look
from tests.migrations.use import use_everything

NOT_USED = {"streamChanges", "getHealth"}
"""The one runs what `listChanges` does, the other nothing."""

WRITES = re.compile(r"\b(INSERT INTO|UPDATE) (\w+)")

AS_DRIVERS_HAVE_THEM: dict[str, Callable[[str], Any]] = {
    "uuid": UUID,
    "timestamptz": datetime.fromisoformat,
    "date": date.fromisoformat,
}
"""By Postgres's types, what asyncpg wants for what JSON has as text."""


class FailsNowError(Exception):
    """A statement of the last release."""


async def run_again(url: str) -> int:
    """All statements of the record, in a transaction that is rolled back; how many they are."""
    if url.startswith("sqlite"):
        return _run_on_sqlite(url.removeprefix("sqlite:///"))
    return await _run_on_postgres(url)


def _run_on_sqlite(file: str) -> int:
    ran = list(read("sqlite").in_order)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("BEGIN")
        for statement, parameters in ran:
            try:
                connection.execute(statement, parameters).fetchall()
            except sqlite3.Error as error:
                raise FailsNowError(f"{error}: {statement}") from error
    return len(ran)


async def _run_on_postgres(url: str) -> int:
    ran = list(read("postgresql").in_order)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("BEGIN")
        for statement, parameters in ran:
            try:
                prepared = await connection.prepare(statement)
                types = [each.name for each in prepared.get_parameters()]
                await prepared.fetch(*map(_as_driver_has_it, types, parameters))
            except asyncpg.PostgresError as error:
                raise FailsNowError(f"{error}: {statement}") from error
    finally:
        await connection.close()
    return len(ran)


def _as_driver_has_it(type_: str, value: Any) -> Any:
    convert = AS_DRIVERS_HAVE_THEM.get(type_)
    return convert(value) if convert and isinstance(value, str) else value


async def test_the_last_release_goes_on_after_the_migration(database_url: str) -> None:
    assert await run_again(database_url) > 150


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE tasks RENAME COLUMN title TO name",
        "ALTER TABLE change_heads ADD COLUMN colour VARCHAR(9) CHECK (colour IS NOT NULL)",
        "CREATE UNIQUE INDEX one_entry ON time_entries (user_id)",
    ],
)
async def test_a_schema_that_it_can_not_live_with_is_found(database_url: str, change: str) -> None:
    await look(database_url, lambda c: c.exec_driver_sql(change))
    with pytest.raises(FailsNowError):
        await run_again(database_url)


def test_the_record_is_of_one_release_and_names_every_table() -> None:
    one, other = read("sqlite"), read("postgresql")
    assert one.version == other.version
    for record in (one, other):
        verbs = {(verb, table) for text in record.statements for verb, table in WRITES.findall(text)}
        owned = set(metadata.tables) - {"change_heads", "idempotency_keys"}
        assert verbs >= {(verb, table) for verb in ("INSERT INTO", "UPDATE") for table in owned}


async def test_the_record_knows_every_operation(app: Litestar, tmp_path: Any, monkeypatch: Any) -> None:
    """That it is made of: a new one has to be used before a release can be recorded."""
    monkeypatch.setattr("tests.migrations.record.FOLDER", tmp_path)
    with noting(app) as ran:
        asked = await use_everything(app)
    used = {name for name, place in OPERATIONS.items() if any(_is_at(place, each) for each in asked)}
    assert used == OPERATIONS.keys() - NOT_USED
    write("sqlite", ran)
    assert list(read("sqlite").in_order) == ran


def _is_at(place: tuple[str, str], asked: tuple[str, str]) -> bool:
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(place[1]))
    return place[0] == asked[0] and re.fullmatch(pattern, asked[1]) is not None
