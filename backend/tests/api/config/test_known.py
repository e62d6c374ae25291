"""The known settings: what each takes and refuses, and what holds where a person has set nothing."""

from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text, update

from app.api.config.queries import CONFIG as TABLE
from app.api.config.queries import preferences_of
from app.api.config.schemas import KNOWN, Preferences, Rounding
from app.core.db.session import Database
from tests.api.config.calls import at, put
from tests.api.tasks.calls import fields_of

GOOD: dict[str, list[Any]] = {
    "time_zone": [
        "UTC",
        "Europe/Berlin",
        "America/Argentina/Buenos_Aires",
        "Etc/GMT+12",
        "Australia/Lord_Howe",
    ],
    "week_start": ["monday", "saturday", "sunday"],
    "rounding": [
        "none",
        {"minutes": 1, "mode": "up", "per": "entry"},
        {"minutes": 1440, "mode": "down", "per": "group"},
        {"minutes": 15, "mode": "nearest", "per": "group"},
    ],
    "overlap": ["allow", "reject"],
    "day_target_seconds": [0, 28_800, 86_400],
}
BAD: list[tuple[str, Any, tuple[str, str]]] = [
    *((key, None, ("/value", "invalid")) for key in GOOD),
    ("time_zone", "Mars/Olympus", ("/value", "unknown_zone")),
    ("time_zone", "europe/berlin", ("/value", "unknown_zone")),
    ("time_zone", "../../etc/passwd", ("/value", "unknown_zone")),
    ("time_zone", "localtime", ("/value", "unknown_zone")),
    ("time_zone", "Factory", ("/value", "unknown_zone")),
    ("time_zone", "+02:00", ("/value", "unknown_zone")),
    ("time_zone", "UTC\0", ("/value", "invalid")),
    ("time_zone", "x" * 65, ("/value", "invalid")),
    ("time_zone", "", ("/value", "invalid")),
    ("time_zone", 2, ("/value", "invalid")),
    ("week_start", "Monday", ("/value", "invalid")),
    ("week_start", 1, ("/value", "invalid")),
    ("rounding", "up", ("/value", "invalid")),
    ("rounding", 15, ("/value", "invalid")),
    ("rounding", [15], ("/value", "invalid")),
    ("rounding", {}, ("/value/minutes", "required")),
    ("rounding", {"minutes": 0}, ("/value/minutes", "invalid")),
    ("rounding", {"minutes": 1441}, ("/value/minutes", "invalid")),
    ("rounding", {"minutes": 1.5}, ("/value/minutes", "invalid")),
    ("rounding", {"minutes": "15"}, ("/value/minutes", "invalid")),
    ("rounding", {"minutes": 15, "mode": "sideways"}, ("/value/mode", "invalid")),
    ("rounding", {"minutes": 15, "per": "day"}, ("/value/per", "invalid")),
    ("rounding", {"minutes": 15, "colour": "red"}, ("/value/colour", "unknown_field")),
    ("overlap", "maybe", ("/value", "invalid")),
    ("overlap", True, ("/value", "invalid")),
    ("day_target_seconds", -1, ("/value", "invalid")),
    ("day_target_seconds", 86_401, ("/value", "invalid")),
    ("day_target_seconds", 2**70, ("/value", "invalid")),
    ("day_target_seconds", 1.5, ("/value", "invalid")),
    ("day_target_seconds", True, ("/value", "invalid")),
    ("day_target_seconds", "28800", ("/value", "invalid")),
]
CHOSEN: dict[str, Any] = {key: values[-1] for key, values in GOOD.items()}


async def preferred(app: Litestar, user_id: str = "alice") -> Preferences:
    database: Database = app.state.database
    async with database.session(read_only=True) as session:
        return await preferences_of(session, user_id)


def test_each_is_looked_at() -> None:
    assert list(GOOD) == list(KNOWN)


@pytest.mark.parametrize("key", GOOD)
async def test_a_known_key_takes_what_fits(alice: httpx.AsyncClient, key: str) -> None:
    for value in GOOD[key]:
        answer = await put(alice, key, value)
        assert answer.is_success, answer.text
        assert answer.json()["value"] == value
        assert (await alice.get(at(key))).content == answer.content


async def test_a_known_key_refuses_the_rest_and_says_where(alice: httpx.AsyncClient) -> None:
    for key, value, place in BAD:
        answer = await put(alice, key, value)
        assert (answer.status_code, fields_of(answer)) == (422, [place]), (key, value)
        [fault] = answer.json()["errors"]
        assert "`" not in fault["message"], "no type of Python's"
    assert (await alice.get(at("time_zone"))).status_code == 404


async def test_what_a_rounding_leaves_out_is_completed(alice: httpx.AsyncClient) -> None:
    answer = await put(alice, "rounding", {"minutes": 15})
    assert answer.json()["value"] == {"minutes": 15, "mode": "nearest", "per": "entry"}


async def test_defaults_hold_until_something_is_set(app: Litestar, alice: httpx.AsyncClient) -> None:
    assert await preferred(app) == Preferences()
    for key, value in CHOSEN.items():
        await put(alice, key, value)
    chosen = Preferences(**CHOSEN | {"rounding": Rounding(15, "nearest", "group")})
    assert await preferred(app) == chosen != Preferences()
    assert await preferred(app, "bob") == Preferences()
    for key in CHOSEN:
        await alice.delete(at(key))
    assert await preferred(app) == Preferences()
    await alice.post(f"{at('overlap')}/restore")
    assert await preferred(app) == Preferences(overlap="reject")


@pytest.mark.parametrize("value", ["Europe/Atlantis", 5, None, {"minutes": "many"}, [], True, -1])
async def test_a_value_that_no_longer_fits_counts_as_not_set(
    app: Litestar, alice: httpx.AsyncClient, value: Any
) -> None:
    """As after a change of the zones' names, or a rollback to code that knows less."""
    for key, good in CHOSEN.items():
        await put(alice, key, good)
    database: Database = app.state.database
    unfit = update(TABLE).where(TABLE.c.user_id == "alice", TABLE.c.key != "overlap")
    async with database.session() as session:
        await (await session.connection()).execute(unfit.values(value=value))
        await session.commit()
    found = await preferred(app)
    assert found == Preferences(overlap="reject", day_target_seconds=5 if value == 5 else None)
    assert (await alice.get(at("time_zone"))).json()["value"] == value


async def test_it_is_one_statement(app: Litestar, statements: list[Any]) -> None:
    await preferred(app)
    assert len(statements) == 1


async def test_a_value_keeps_its_text_in_the_table(app: Litestar, alice: httpx.AsyncClient) -> None:
    await put(alice, "rounding", {"per": "group", "minutes": 5})
    database: Database = app.state.database
    async with database.session(read_only=True) as session:
        found = await (await session.connection()).execute(text("SELECT CAST(value AS TEXT) FROM config"))
        assert found.scalar_one() == '{"minutes":5,"mode":"nearest","per":"group"}'
