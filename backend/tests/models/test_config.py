"""What the table of settings refuses and takes, whatever code writes to it; and estimates of tasks."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.core.ids import new_id
from app.models.base import table_of
from app.models.config import KEY_MAX, VALUE_MAX, Config
from app.models.task import ESTIMATE_MAX, Task
from tests.models.refusals import Row, connected, refusal, refusals

CONFIG, TASKS = table_of(Config), table_of(Task)
NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)


def setting(**fields: Any) -> Row:
    return {"user_id": "alice", "key": "app.x", "value": 1, "seq": 1, "updated_at": NOW} | fields


def task(estimate: int | None) -> Row:
    """A task that is thought to take so many seconds."""
    given: Row = {"id": new_id(), "user_id": "alice", "seq": 1, "created_at": NOW, "updated_at": NOW}
    given |= {"title": "Water", "completed": False, "priority": "none", "tags": []}
    return given | {"estimate_seconds": estimate}


REFUSED: dict[str, tuple[Row, str]] = {
    **{
        f"a key with {character!r}": (setting(key=f"app.{character}x"), "key_characters")
        for character in " /é~\n'%:\U0001f600"
    },
    "a key with a blank at its end": (setting(key="app.x "), "key_characters"),
    "no key": (setting(key=""), "key_length"),
    "a value too long": (setting(value="x" * (VALUE_MAX - 1)), "value_length"),
    "no owner": (setting(user_id=""), "user_id_length"),
    "a number of nobody's": (setting(seq=0), "seq_positive"),
    **{
        f"no {name} at all": (setting() | {name: None}, "null")
        for name in ("user_id", "key", "seq", "updated_at")
    },
}
TAKEN: dict[str, list[Row]] = {
    "the longest key": [setting(key="x" * KEY_MAX)],
    "the shortest key": [setting(key="x")],
    "every character": [setting(key="azAZ09_.-")],
    "the longest value": [setting(value="x" * (VALUE_MAX - 2))],
    "the longest value of wide characters": [setting(value="😀" * (VALUE_MAX - 2))],
    "null for a value": [setting(value=None)],
    "the same key of two people's": [setting(), setting(user_id="bob")],
    "keys that differ in case": [setting(key="app.x"), setting(key="app.X")],
    "one in the trash": [setting(deleted_at=NOW)],
}


async def test_what_no_setting_can_be_is_refused_by_the_constraint_that_says_so(database_url: str) -> None:
    cases = [(what, [row]) for what, (row, _) in REFUSED.items()]
    async with connected(database_url) as connection:
        found = await refusals(connection, CONFIG, cases)
    assert found == {what: reason for what, (_, reason) in REFUSED.items()}


async def test_every_extreme_is_taken(database_url: str) -> None:
    async with connected(database_url) as connection:
        found = await refusals(connection, CONFIG, TAKEN.items())
    assert found == dict.fromkeys(TAKEN, "")


async def test_a_key_stands_once_live_or_in_the_trash(database_url: str) -> None:
    async with connected(database_url) as connection:
        assert await refusal(connection, CONFIG, setting(deleted_at=NOW), setting()) == "unique"


async def test_a_key_of_101_characters(database_url: str) -> None:
    """Postgres's type says it before the CHECK does, and SQLite has only the CHECK."""
    async with connected(database_url) as connection:
        said = await refusal(connection, CONFIG, setting(key="x" * (KEY_MAX + 1)))
    assert said == ("key_length" if database_url.startswith("sqlite") else "too long")


@pytest.mark.parametrize(
    "value", [1.0, -0.0, 0.1 + 0.2, 1e22, 5e-324, 2**64 - 1, "1e2", None, [1.0], {"a": 1}]
)
async def test_a_value_comes_back_as_it_went_in(database_url: str, value: Any) -> None:
    async with connected(database_url) as connection:
        await connection.execute(CONFIG.insert().values(setting(value=value)))
        found = (await connection.execute(select(CONFIG.c.value))).scalar_one()
    assert repr(found) == repr(value)


async def test_an_estimate_is_within_a_working_life(database_url: str) -> None:
    cases = {
        str(estimate): [task(estimate)] for estimate in (-1, ESTIMATE_MAX + 1, 2**62, 0, ESTIMATE_MAX, None)
    }
    async with connected(database_url) as connection:
        found = await refusals(connection, TASKS, cases.items())
    said = "estimate_seconds_range"
    assert list(found.values()) == [said, said, said, "", "", ""]
