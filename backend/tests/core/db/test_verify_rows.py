"""verify: what holds of the rows themselves, each broken on purpose; and nobody's text in what is said."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, select

from app.core.db.verify.invariants import NAMED, invariants
from app.models import metadata
from app.models.base import table_of
from app.models.task import Task
from app.models.time_entry import TimeEntry
from tests.core.db.test_verify import broken, checks_of
from tests.migrations.running import look
from tests.migrations.test_schema import counts
from tests.models.rows import INTERVALS, PRIVATE, add_rows

ENTRIES = table_of(TimeEntry)
INTERVAL = "started_at IS NOT NULL AND ended_at IS NOT NULL"
HERS = "user_id = 'alice'"
RUNNING = "started_at IS NOT NULL AND ended_at IS NULL"
SHAPE = {"constraints", "indexes"}
"""What fails, too, where a constraint was dropped for a test."""
Broken = tuple[Sequence[str], Sequence[str], set[str]]

BREAKS: dict[str, Broken] = {
    "two running timers": (
        ["uq_time_entries_running"],
        [f"UPDATE time_entries SET ended_at = NULL, duration_seconds = NULL WHERE {INTERVAL} AND {HERS}"],
        {"running timers"},
    ),
    "an end before its start": (
        ["ck_time_entries_ends_after_start"],
        [f"UPDATE time_entries SET ended_at = '1999-01-01 00:00:00.000000' WHERE {INTERVAL}"],
        {"time_entries.ends_after_start", "durations"},
    ),
    "a duration that is another": (
        [],
        [f"UPDATE time_entries SET duration_seconds = duration_seconds + 1 WHERE {INTERVAL}"],
        {"durations"},
    ),
    "an interval without a duration": (
        ["ck_time_entries_duration_unless_running"],
        [f"UPDATE time_entries SET duration_seconds = NULL WHERE {INTERVAL}"],
        {"time_entries.duration_unless_running", "durations"},
    ),
    "a fraction of a second at the start": (
        ["ck_time_entries_started_at_whole"],
        [f"UPDATE time_entries SET started_at = '1999-01-01 00:00:00.500000' WHERE {RUNNING}"],
        {"time_entries.started_at_whole"},
    ),
    "a fraction of a second at the end": (
        ["ck_time_entries_ended_at_whole"],
        [f"UPDATE time_entries SET ended_at = '2027-01-01 00:00:00.000001' WHERE {INTERVAL}"],
        {"time_entries.ended_at_whole", "durations"},
    ),
    "no head": ([], ["DELETE FROM change_heads WHERE user_id = 'bob'"], {"heads"}),
    "a head that fell behind": ([], ["UPDATE change_heads SET seq = 3 WHERE user_id = 'bob'"], {"numbers"}),
    "a number borne by rows of two tables": (
        [],
        ["UPDATE config SET seq = 1 WHERE user_id = 'alice' AND key = 'week_start'"],
        {"numbers borne once"},
    ),
    "a number borne twice in one table": (
        [],
        ["UPDATE tasks SET seq = 1 WHERE user_id = 'alice'"],
        {"numbers borne once"},
    ),
    "null for a known setting": (
        [],
        ["UPDATE config SET value = 'null' WHERE key = 'week_start'"],
        {"settings"},
    ),
}


async def wreck(url: str, past: Sequence[str], *statements: str) -> None:
    """Change rows past these constraints and unique indexes, and past all foreign keys."""
    sqlite = url.startswith("sqlite")

    def run(connection: Connection) -> None:
        if sqlite:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for name in past:
            if name.startswith("uq_"):
                connection.exec_driver_sql(f"DROP INDEX {name}")
            elif not sqlite:
                connection.exec_driver_sql(f"ALTER TABLE time_entries DROP CONSTRAINT {name}")
        for statement in statements:
            connection.exec_driver_sql(statement if sqlite else statement.replace(".000000'", "+00'"))

    await look(url, run)


async def ids(url: str, table: Any, user_id: str) -> list[Any]:
    statement = select(table.c.id).where(table.c.user_id == user_id).order_by(table.c.id)
    found: list[Any] = await look(url, lambda connection: list(connection.scalars(statement)))
    return found


@pytest.fixture
async def rows(database_url: str) -> str:
    """A database with rows of every kind."""
    await look(database_url, add_rows)
    return database_url


async def test_good_rows_of_every_kind_pass(rows: str) -> None:
    assert await broken(rows) == {}
    added = await look(rows, counts)
    assert all(added.values()), added


@pytest.mark.parametrize("what", BREAKS)
async def test_what_is_broken_is_named(rows: str, what: str) -> None:
    past, statements, names = BREAKS[what]
    await wreck(rows, past, *statements)
    found = await broken(rows)
    assert found.keys() - SHAPE == names
    for name in names:
        assert found[name].mend
        assert found[name].what.split()[0].isdigit()


async def test_a_reference_to_another_persons_row(rows: str) -> None:
    [his, *_] = await ids(rows, table_of(Task), "bob")
    hers = (await ids(rows, ENTRIES, "alice"))[0]
    await wreck(rows, [], f"UPDATE time_entries SET task_id = '{his}' WHERE id = '{hers}'")
    found = await broken(rows)
    assert found.keys() == {"references"} | ({"foreign keys"} if rows.startswith("sqlite") else set())
    said = f"1 name a row that is another person's or nobody's: time_entries {hers}"
    assert found["references"].what == said


@pytest.mark.parametrize("table", ["tasks", "time_codes", "work_types"])
async def test_a_reference_to_a_row_that_is_gone(rows: str, table: str) -> None:
    await wreck(rows, [], f"DELETE FROM {table} WHERE user_id = 'alice'")
    found = await broken(rows)
    assert found["references"].what.startswith("2 name")
    if rows.startswith("sqlite"):
        assert found["foreign keys"].what == f"2 of time_entries name a row of {table} that is not there"


async def test_a_setting_that_is_no_json(sqlite_database_url: str) -> None:
    """On Postgres the column's type takes nothing else."""
    await look(sqlite_database_url, add_rows)
    await wreck(sqlite_database_url, [], "UPDATE config SET value = '{' WHERE key = 'app.nothing'")
    found = await broken(sqlite_database_url)
    assert found.keys() == {"config.value"}
    assert found["config.value"].what.startswith("2 rows: value is not JSON: config number ")


async def test_a_line_names_the_first_few_and_counts_the_rest(rows: str) -> None:
    await wreck(rows, [], BREAKS["a duration that is another"][1][0])
    count, said = 2 * INTERVALS, (await broken(rows))["durations"].what
    assert said.startswith(f"{count} have another duration")
    assert said.endswith(f", and {count - NAMED} more")
    assert said.count("time_entries ") == NAMED


async def test_nobodys_text_is_told(rows: str) -> None:
    everything = [statement for _, statements, _ in BREAKS.values() for statement in statements]
    past = [name for names, _, _ in BREAKS.values() for name in names]
    await wreck(rows, past, "DELETE FROM tasks", "DELETE FROM time_codes", *everything)
    await wreck(rows, [], "UPDATE config SET seq = 900")
    found = await broken(rows)
    assert len(found.keys() - SHAPE) >= len(invariants(metadata)) - 1
    assert PRIVATE not in "\n".join(map(str, await checks_of(rows)))
