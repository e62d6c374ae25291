"""`python scripts/relink_user.py`, called as an operator calls it."""

import asyncio
import signal
import sys
from operator import methodcaller
from pathlib import Path

import pytest
from sqlalchemy import Connection

import relink_user
from tests.core.rows.belongings import rows_of
from tests.migrations.running import environment, look
from tests.models.rows import add_rows
from tests.scripts.commands import PRODUCTION, Ran, ran

SCRIPTS = Path(relink_user.__file__).parent
KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import relink_user
def die(line):
    if "are removed" in line:
        os.kill(os.getpid(), signal.SIGKILL)
relink_user.progress = die
relink_user.main(["alice", "carol", "--yes"])
"""


@pytest.fixture
async def rows(database_url: str) -> str:
    """A database with Alice's rows and Bob's."""
    await look(database_url, add_rows)
    return database_url


async def relink(url: str, *arguments: str, **settings: str) -> Ran:
    return await ran(relink_user.main, url, *arguments, **settings)


async def test_it_says_what_it_moved(rows: str) -> None:
    planned = await relink(rows, "alice", "carol", "--dry-run")
    assert (planned.code, planned.err) == (0, "")
    assert "time_entries: 24 would move" in planned.out.splitlines()
    done = await relink(rows, "alice", "carol", "--yes")
    assert (done.code, done.out) == (0, planned.out.replace("would move", "moved"))
    assert "tasks: 3 rows are copied" in done.err.splitlines()
    told = (await relink(rows, "carol", "alice", "--yes", "--json")).told
    assert told.pop("rows")["tasks"] == 3
    assert told == {
        "ok": True,
        "error": None,
        "old": "carol",
        "new": "alice",
        "dry_run": False,
        "conflicts": [],
    }
    again = await relink(rows, "carol", "alice", "--yes")
    assert (again.code, again.err) == (2, "could not run: carol has no rows here.\n")


async def test_conflicts_are_told_and_nothing_is_changed(rows: str) -> None:
    def add_carol(connection: Connection) -> None:
        connection.exec_driver_sql(
            "INSERT INTO config (user_id, key, value, seq, updated_at) VALUES"
            " ('carol', 'week_start', '\"sunday\"', 1, '2026-05-01 00:00:00.000000')"
        )
        connection.exec_driver_sql(
            "INSERT INTO change_heads (user_id, epoch, seq, purged_seq)"
            " VALUES ('carol', '0123456789ab', 1, 0)"
        )

    await look(rows, add_carol)
    before = await rows_of(rows, "alice")
    for more in (["--dry-run"], ["--yes"]):
        done = await relink(rows, "alice", "carol", *more)
        assert (done.code, "with --merge" in done.err) == (2, True)
        done = await relink(rows, "alice", "carol", "--merge", "--json", *more)
        assert done.code == 1
        told = done.told
        assert told["ok"] is False
        assert told["error"].startswith("nothing was changed")
        assert told["conflicts"] == ["config: both have week_start, with different values"]
    assert await rows_of(rows, "alice") == before


async def test_it_asks_first(rows: str) -> None:
    before = await rows_of(rows, "alice")
    done = await relink(rows, "alice", "carol")
    assert (done.code, "give --yes if you mean it" in done.err) == (2, True)
    done = await relink(rows, "alice", "carol", "--yes", **PRODUCTION)
    assert (done.code, "give --force if you mean it" in done.err) == (2, True)
    assert await rows_of(rows, "alice") == before
    assert (await relink(rows, "alice", "carol", "--yes", "--force", **PRODUCTION)).code == 0
    assert await rows_of(rows, "alice") == {}


@pytest.mark.parametrize(
    "names", [("alice", ""), ("", "bob"), ("al ice", "bob"), ("alice", "é"), ("a", "b" * 256)]
)
async def test_a_name_that_no_token_can_bear(names: tuple[str, str]) -> None:
    done = await relink("sqlite:///unused.db", *names)
    (line,) = done.err.splitlines()
    assert (done.code, "is no `sub`" in line) == (2, True)


async def test_the_same_name() -> None:
    done = await relink("sqlite:///unused.db", "alice", "alice")
    assert (done.code, done.err) == (2, "could not run: OLD and NEW are the same.\n")


async def test_a_database_that_is_not_migrated(empty_database_url: str) -> None:
    done = await relink(empty_database_url, "alice", "carol", "--yes")
    said = "does not exist" if empty_database_url.startswith("sqlite") else "was never migrated"
    assert (done.code, said in done.err, len(done.err.splitlines())) == (2, True, 1)


async def test_of_other_code(rows: str) -> None:
    for revision, said in (("7b48c9f2013e", "make migrate"), ("0123456789ab", "of other code")):
        change = f"UPDATE alembic_version SET version_num = '{revision}'"
        await look(rows, methodcaller("exec_driver_sql", change))
        done = await relink(rows, "alice", "carol", "--yes")
        assert (done.code, f"at revision {revision}" in done.err, said in done.err) == (2, True, True)


async def test_killed_in_the_middle_all_is_as_before(rows: str) -> None:
    before = await rows_of(rows, "alice")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, SCRIPTS, env=environment(rows)
    )
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    assert await rows_of(rows, "alice") == before
    assert await rows_of(rows, "carol") == {}
    assert (await relink(rows, "alice", "carol", "--yes")).code == 0
    assert await rows_of(rows, "alice") == {}
