"""`python scripts/downgrade_db.py`: one revision back, and what goes with it is told before."""

from functools import partial

import pytest
from alembic import command
from alembic.script import ScriptDirectory

import downgrade_db
from app.core.db.migrations.downgrading import downgrade, losses, step_back
from app.core.db.migrations.revisions import config, revision_of, revisions
from app.core.operating import FailedError, RefusedError
from tests.migrations.running import alembic_here, look, parsed
from tests.migrations.test_schema import counts, shape_of
from tests.models.rows import add_rows
from tests.scripts.commands import PRODUCTION, ran

HEAD = revisions().head
STEPS = [step.revision for step in ScriptDirectory.from_config(config()).walk_revisions()]
ESTIMATE = "7b48c9f2013e"
"""The revision that adds a column to tasks."""


async def test_one_back_says_which_rows_and_values_go(database_url: str) -> None:
    await look(database_url, add_rows)
    shape = await shape_of(database_url)
    done = await ran(downgrade_db.main, database_url)
    assert done.code == 2
    assert "going back from 90d5a7e3c41b (Create idempotency_keys) drops" in done.err
    assert "drops table idempotency_keys (2 rows). Nobody is here to be asked" in done.err
    assert await shape_of(database_url) == shape
    done = await ran(downgrade_db.main, database_url, "--yes")
    assert done.out.splitlines() == [
        f"downgraded from 90d5a7e3c41b to {ESTIMATE}",
        "dropped table idempotency_keys (2 rows)",
    ]
    told = (await ran(downgrade_db.main, database_url, "--yes", "--json")).told
    assert (told["before"], told["dropped"]) == (ESTIMATE, {"tasks.estimate_seconds": 4})
    assert await look(database_url, revision_of) == told["after"]


async def test_all_the_way_back_and_no_further(database_url: str) -> None:
    database = parsed(database_url)
    for revision in STEPS:
        step = await step_back(database)
        assert step.revision == revision
        assert await losses(database, step), "every revision so far made a table or a column"
        await downgrade(database, step)
    assert await look(database_url, revision_of) is None
    with pytest.raises(RefusedError, match="nothing to go back from"):
        await step_back(database)


async def test_what_newer_code_made_is_left_to_it(database_url: str) -> None:
    await look(database_url, lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'"))
    done = await ran(downgrade_db.main, database_url, "--yes")
    assert done.code == 2
    assert "at newer, which only newer code knows" in done.err


async def test_what_was_not_agreed_to_is_not_done(database_url: str) -> None:
    """Somebody else has gone back meanwhile: the same target would be the wrong one."""
    await look(database_url, add_rows)
    held = await look(database_url, counts)
    step = await step_back(parsed(database_url))
    await alembic_here(database_url, partial(command.downgrade, revision="-2"))
    await alembic_here(database_url, partial(command.upgrade, revision=STEPS[1]))
    with pytest.raises(FailedError, match=f"at {STEPS[1]} by now"):
        await downgrade(parsed(database_url), step)
    assert await look(database_url, revision_of) == STEPS[1]
    assert held["tasks"] == await look(
        database_url, lambda c: c.exec_driver_sql("SELECT count(*) FROM tasks").scalar()
    )


async def test_outside_development_it_wants_force(database_url: str) -> None:
    done = await ran(downgrade_db.main, database_url, "--yes", **PRODUCTION)
    assert (done.code, "give --force" in done.err) == (2, True)
    assert await look(database_url, revision_of) == HEAD
