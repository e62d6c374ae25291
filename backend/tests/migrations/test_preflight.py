"""What rows would be in the way of pending revisions, told by reading alone; and which revision fails."""

from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from app.core.db.migrations.preflight import Obstacle, obstacles, preflight
from app.core.db.migrations.revisions import config
from app.core.db.migrations.running import ObstructedError, RevisionFailedError
from app.core.db.migrations.upgrading import upgrade
from tests.migrations.running import alembic, alembic_here, ini_with, look, parsed, write_revision
from tests.migrations.test_schema import shape_of
from tests.models.rows import add_rows

BREAKS = "titles longer than 4"
LONG = "SELECT 'tasks ' || CAST(id AS TEXT) FROM tasks WHERE length(title) > {} ORDER BY id"
NEVER = "op.execute('this is not reached')"


async def migrate(url: str) -> list[str]:
    return await upgrade(parsed(url))


async def test_nothing_is_in_the_way_of_the_real_ones(database_url: str, empty_database_url: str) -> None:
    assert await look(database_url, preflight) == []
    assert await look(empty_database_url, preflight) == []
    assert await look(empty_database_url, lambda c: inspect(c).get_table_names()) == []


async def test_every_question_can_be_asked_of_the_revision_before(empty_database_url: str) -> None:
    """A slip of the pen would be taken for a question about what is yet to come."""
    steps = list(ScriptDirectory.from_config(config()).walk_revisions())[::-1]
    for step in steps:
        for query in getattr(step.module, "PREFLIGHT", {}).values():
            await look(empty_database_url, partial(_execute, query))
        await alembic_here(empty_database_url, partial(command.upgrade, revision=step.revision))


def _execute(query: str, connection: Connection) -> None:
    connection.exec_driver_sql(query)


async def test_rows_in_the_way_are_counted_and_named_and_nothing_is_changed(
    database_url: str, made_up: Path
) -> None:
    await look(database_url, add_rows)
    write_revision(made_up, "shorten", NEVER, preflight={BREAKS: LONG.format(4), "none": LONG.format(500)})
    [found] = await look(database_url, preflight)
    assert (found.revision, found.breaks, found.count, len(found.rows)) == ("shorten", BREAKS, 2, 2)
    ids = await look(database_url, lambda c: c.exec_driver_sql(LONG.format(4)).scalars().all())
    assert found.rows == tuple(ids)
    before = await shape_of(database_url)
    with pytest.raises(ObstructedError) as refused:
        await migrate(database_url)
    assert str(refused.value) == (
        f"Rows are in the way, and nothing was changed: revision shorten: {BREAKS}: {', '.join(ids)}"
    )
    assert await shape_of(database_url) == before


async def test_of_many_the_first_are_named(database_url: str, made_up: Path) -> None:
    await look(database_url, add_rows)
    write_revision(made_up, "all", NEVER, preflight={"all": "SELECT duration_seconds FROM time_entries"})
    [found] = await look(database_url, preflight)
    assert found.count > 40
    assert len(found.rows) == 5
    assert str(found).endswith(f", and {found.count - 5} more")


async def test_what_is_yet_to_come_is_not_asked_about(database_url: str, made_up: Path) -> None:
    write_revision(made_up, "first", "op.add_column('tasks', sa.Column('colour', sa.String(20)))")
    about = {"column": "SELECT id FROM tasks WHERE colour = ''", "table": "SELECT id FROM notes"}
    write_revision(made_up, "second", "pass", preflight=about)
    assert await look(database_url, preflight) == []


async def test_a_question_that_is_wrong_is_told(database_url: str, made_up: Path) -> None:
    write_revision(
        made_up, "wrong", "pass", preflight={"x": "SELECT id FROM tasks WHERE length(title, 1) > 2"}
    )
    with pytest.raises(DBAPIError):
        await look(database_url, preflight)


async def test_a_question_may_not_write(postgres_database_url: str, made_up: Path) -> None:
    """On SQLite a SELECT has no way to."""
    write = {"x": "SELECT set_config('a.b', lo_create(0)::text, true)"}
    write_revision(made_up, "writes", "pass", preflight=write)
    with pytest.raises(DBAPIError, match="read-only transaction"):
        await look(postgres_database_url, preflight)


async def test_after_asking_the_transaction_writes_again(database_url: str, made_up: Path) -> None:
    write_revision(made_up, "asks", "pass", preflight={BREAKS: LONG.format(4)})

    def ask_and_write(connection: Connection) -> list[Obstacle]:
        add_rows(connection)
        found = preflight(connection)
        connection.exec_driver_sql("DELETE FROM idempotency_keys")
        return found

    assert await look(database_url, ask_and_write) != []


async def test_a_database_that_is_ahead_has_nothing_pending(database_url: str) -> None:
    await look(database_url, lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'"))
    assert await look(database_url, preflight) == []


async def test_no_revision_no_obstacle(database_url: str) -> None:
    assert await look(database_url, lambda c: obstacles(c, [])) == []


@pytest.mark.parametrize(
    ("line", "why"), [("op.execute('no')", "syntax error"), ("{}['colour']", "KeyError: 'colour'")]
)
async def test_the_revision_that_fails_is_named_with_the_reason(
    database_url: str, made_up: Path, line: str, why: str
) -> None:
    write_revision(made_up, "passes", "op.add_column('tasks', sa.Column('colour', sa.String(20)))")
    write_revision(made_up, "fails", line, after="passes")
    before = await shape_of(database_url)
    with pytest.raises(RevisionFailedError) as failed:
        await migrate(database_url)
    assert str(failed.value).startswith("The upgrade to fails (fails.) fails, and nothing was changed: ")
    assert why in str(failed.value)
    assert "\n" not in str(failed.value)
    assert await shape_of(database_url) == before


async def test_the_command_says_it_in_a_line(database_url: str, tmp_path: Path) -> None:
    await look(database_url, add_rows)
    write_revision(tmp_path, "shorten", NEVER, preflight={BREAKS: LONG.format(4)})
    done = alembic(database_url, "upgrade head", cwd=tmp_path, ini=ini_with(tmp_path))
    (line,) = done.stdout.splitlines()
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "revision shorten: titles longer than 4: tasks " in line


async def test_an_upgrade_gives_the_revisions_it_went_through(database_url: str, made_up: Path) -> None:
    assert await migrate(database_url) == []
    write_revision(made_up, "first", "pass")
    write_revision(made_up, "second", "pass", after="first")
    assert await migrate(database_url) == ["first", "second"]
