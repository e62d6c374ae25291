"""`python scripts/relink_user.py`, called as an operator calls it."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection

import relink_user
from tests.core.rows.belongings import rows_of
from tests.migrations.running import environment, look
from tests.models.rows import add_rows

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
async def rows(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with Alice's rows and Bob's, which DATABASE_URL names."""
    for name, value in environment(database_url).items():
        monkeypatch.setenv(name, value)
    await look(database_url, add_rows)
    return database_url


async def relink(*arguments: str) -> int:
    """The exit code. In a thread: the command has a loop of its own."""
    return await asyncio.to_thread(relink_user.main, list(arguments))


async def test_it_says_what_it_moved(rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await relink("alice", "carol", "--dry-run") == 0
    planned = capsys.readouterr()
    assert "time_entries: 24 would move" in planned.out.splitlines()
    assert planned.err == ""
    assert await relink("alice", "carol", "--yes") == 0
    done = capsys.readouterr()
    assert done.out == planned.out.replace("would move", "moved")
    assert "tasks: 3 rows are copied" in done.err.splitlines()
    assert await relink("carol", "alice", "--yes", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told.pop("rows")["tasks"] == 3
    assert told == {
        "ok": True,
        "error": None,
        "old": "carol",
        "new": "alice",
        "dry_run": False,
        "conflicts": [],
    }
    assert await relink("carol", "alice", "--yes") == 2
    assert capsys.readouterr().err == "could not run: carol has no rows here.\n"


async def test_conflicts_are_told_and_nothing_is_changed(
    rows: str, capsys: pytest.CaptureFixture[str]
) -> None:
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
        assert await relink("alice", "carol", *more) == 2
        assert "with --merge" in capsys.readouterr().err
        assert await relink("alice", "carol", "--merge", "--json", *more) == 1
        told = json.loads(capsys.readouterr().out)
        assert told["ok"] is False
        assert told["error"].startswith("nothing was changed")
        assert told["conflicts"] == ["config: both have week_start, with different values"]
    assert await rows_of(rows, "alice") == before


async def test_it_asks_first(
    rows: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await rows_of(rows, "alice")
    assert await relink("alice", "carol") == 2
    assert "give --yes if you mean it" in capsys.readouterr().err
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("AUTH_ISSUER", "https://issuer.test")
    assert await relink("alice", "carol", "--yes") == 2
    assert "give --force if you mean it" in capsys.readouterr().err
    assert await rows_of(rows, "alice") == before
    assert await relink("alice", "carol", "--yes", "--force") == 0
    assert await rows_of(rows, "alice") == {}


@pytest.mark.parametrize(
    "names", [("alice", ""), ("", "bob"), ("al ice", "bob"), ("alice", "é"), ("a", "b" * 256)]
)
async def test_a_name_that_no_token_can_bear(
    names: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await relink(*names) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "is no `sub`" in line


async def test_the_same_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert await relink("alice", "alice") == 2
    assert capsys.readouterr().err == "could not run: OLD and NEW are the same.\n"


async def test_a_database_that_is_not_migrated(
    empty_database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    assert await relink("alice", "carol", "--yes") == 2
    assert "upgrade head" in capsys.readouterr().err


async def test_of_newer_code(rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    await look(rows, lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = 'abc'"))
    assert await relink("alice", "carol", "--yes") == 2
    assert "at a revision that this code does not know" in capsys.readouterr().err


async def test_killed_in_the_middle_all_is_as_before(rows: str) -> None:
    before = await rows_of(rows, "alice")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, SCRIPTS)
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    assert await rows_of(rows, "alice") == before
    assert await rows_of(rows, "carol") == {}
    assert await relink("alice", "carol", "--yes") == 0
    assert await rows_of(rows, "alice") == {}
