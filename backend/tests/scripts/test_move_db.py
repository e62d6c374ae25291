"""`python scripts/move_db.py`, as an operator runs it."""

import json
import signal
import subprocess
import sys
from operator import methodcaller
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

import move_db
from app.core.db.copying import loading
from tests.conftest import EngineName
from tests.core.db.copying.databases import digests, is_empty
from tests.core.db.read_only import make_read_only
from tests.migrations.running import environment, look
from tests.models.rows import PRIVATE, add_rows
from tests.scripts.commands import Ran, ran, ran_meanwhile

HEAD = "INSERT INTO change_heads VALUES ('bob', '0123456789ab', 1, 0)"
SCRIPTS = Path(move_db.__file__).parent
# It stops at each line of progress, until it hears another.
HALTING = f"""
import sys
sys.path.insert(0, {str(SCRIPTS)!r})
import _command, move_db
from app.core.db.copying import reading
reading.REPORT_ROWS = 10
_command.progress = lambda line: print(line, flush=True) or sys.stdin.readline()
sys.exit(move_db.main())
"""


async def run(*arguments: str) -> tuple[int, str, str]:
    """Runs the command: its exit code, what it says, and what it complains of."""
    done = await ran(move_db.main, "sqlite:///unused.db", *arguments)
    return done.code, done.out, done.err


async def test_a_receipt(database_url: str, target_url: str) -> None:
    await look(database_url, add_rows)
    code, out, _ = await run(database_url, target_url, "--compare")
    assert code == 0
    lines = out.splitlines()
    before = await digests(database_url)
    for name, (rows, digest) in before.items():
        assert [name, str(rows), "rows", "sha256", digest] in [line.split() for line in lines]
    assert any("rows in" in line and line.endswith(" a second.") for line in lines)
    assert any(line.startswith("A bare ") for line in lines)
    assert lines[-1].startswith("What was written to the source after 20")
    assert await digests(target_url) == before


async def test_a_receipt_for_scripts(database_url: str, target_url: str) -> None:
    await look(database_url, add_rows)
    code, out, _ = await run(database_url, target_url, "--json")
    told = json.loads(out)
    assert (code, told["ok"], told["error"]) == (0, True, None)
    found = {name: (table["rows"], table["sha256"]) for name, table in told["tables"].items()}
    assert found == await digests(target_url)
    assert told["rows"] == sum(rows for rows, _ in found.values())
    assert "bare_seconds" not in told


async def test_a_dry_run_changes_nothing(database_url: str, target_url: str) -> None:
    await look(database_url, add_rows)
    code, out, _ = await run(database_url, target_url, "--dry-run")
    assert (code, out) == (0, "All of 72 rows could be moved. Nothing was changed.\n")
    assert await is_empty(target_url)


async def test_rows_that_are_not_fit_are_listed(
    sqlite_database_url: str, fresh: dict[EngineName, str]
) -> None:
    def spoil(connection: Connection) -> None:
        add_rows(connection)
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        connection.exec_driver_sql(f"UPDATE time_entries SET time_zone = '{PRIVATE}' || char(0)")

    await look(sqlite_database_url, spoil)
    for arguments in (["--dry-run"], []):
        code, out, err = await run(sqlite_database_url, fresh["postgres"], *arguments)
        assert code == 1
        lines = out.splitlines()
        assert len(lines) == 22
        assert all(line.endswith(": time_zone has a NUL in it") for line in lines[:20])
        assert lines[20:] == ["and 28 more. In all:", "48 of time_entries: time_zone has a NUL in it"]
        assert "failed: 48 rows" in err
        assert PRIVATE not in out + err
        assert await is_empty(fresh["postgres"])
    code, out, _ = await run(sqlite_database_url, fresh["postgres"], "--dry-run", "--json")
    told = json.loads(out)
    assert (code, told["ok"], told["unfit"], len(told["shown"])) == (1, False, 48, 20)
    [reason] = told["reasons"]
    assert reason == {"table": "time_entries", "reason": "time_zone has a NUL in it", "rows": 48}


@pytest.mark.parametrize("mode", ["--dry-run", "--compare"])
async def test_it_is_refused_in_a_line(database_url: str, target_url: str, tmp_path: Path, mode: str) -> None:
    missing = f"sqlite:///{tmp_path / 'missing.db'}"
    secret = "postgresql://bob:hunter2@127.0.0.1:1/x"
    await look(target_url, lambda c: c.exec_driver_sql(HEAD))
    for source, target, said in (
        (database_url, target_url, "is not empty: change_heads has rows"),
        (database_url, database_url, "same database"),
        (database_url, respelt(database_url), "same database"),
        (missing, target_url, "missing.db does not exist.\n"),
        (database_url, missing, "make db-init"),
        (database_url, "sqlite:///:memory:", "in memory"),
        ("sqlite:///:memory:", target_url, "in memory"),
        (database_url, secret, "can't be reached"),
        (secret, target_url, "can't be reached"),
        ("mysql://bob:hunter2@localhost/x", target_url, "The source's URL names mysql"),
        (database_url, "postgresql://bob:hunter2@host:port/y", "The target's URL "),
        (database_url, f"sqlite:///{Path(__file__)}", "not a database"),
    ):
        code, out, err = await run(source, target, mode)
        assert (code, out, err.count("\n")) == (2, "", 1), said
        assert err.startswith("could not run: ")
        assert said in err
        assert "hunter2" not in err
    assert files_in(tmp_path) <= {"app.db", "fresh.db", "link.db"}


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def respelt(url: str) -> str:
    """Another name for the same database."""
    if url.startswith("sqlite"):
        file = Path(url.removeprefix("sqlite:///"))
        link = file.with_name("link.db")
        link.hardlink_to(file)
        return f"sqlite+aiosqlite:///{link}"
    return url.replace("postgresql://", "postgres://").replace("@127.0.0.1", "@localhost") + "?sslmode=prefer"


async def test_another_revision_is_refused_on_either_side(
    database_url: str, target_url: str, empty_database_url: str
) -> None:
    await look(empty_database_url, lambda c: c.exec_driver_sql("SELECT 1"))
    code, _, err = await run(database_url, empty_database_url)
    assert (code, "was never migrated" in err, "make db-init" in err) == (2, True, True)
    for revision, said in (("7b48c9f2013e", "make migrate"), ("0123456789ab", "of other code")):
        change = text(f"UPDATE alembic_version SET version_num = '{revision}'")
        await look(database_url, methodcaller("execute", change))
        for source, target in ((database_url, target_url), (target_url, database_url)):
            code, out, err = await run(source, target)
            assert (code, out) == (2, "")
            assert f"at revision {revision}" in err
            assert said in err


async def test_a_column_that_would_be_left_behind_is_refused(database_url: str, target_url: str) -> None:
    await look(database_url, lambda c: c.exec_driver_sql("ALTER TABLE tasks ADD COLUMN mood TEXT"))
    for source, target in ((database_url, target_url), (target_url, database_url)):
        code, _, err = await run(source, target)
        assert (code, "other columns in tasks than this code: mood" in err) == (2, True)


async def test_a_target_that_takes_no_writes(database_url: str, target_url: str) -> None:
    await make_read_only(target_url)
    code, _, err = await run(database_url, target_url)
    assert (code, "takes no writes" in err) == (2, True)


async def test_a_target_that_somebody_writes_to(
    database_url: str, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "LOCK_SECONDS", 1)

    def while_busy(connection: Connection) -> Ran:
        connection.exec_driver_sql(HEAD)
        return ran_meanwhile(move_db.main, target_url, database_url, target_url)

    done = await look(target_url, while_busy)
    assert (done.code, "Somebody else writes" in done.err) == (2, True)


@pytest.mark.parametrize("stage", ["time_entries: moved", "time_entries: read"])
async def test_killed_it_leaves_the_target_empty_and_the_next_run_succeeds(
    database_url: str, target_url: str, tmp_path: Path, stage: str
) -> None:
    await look(database_url, add_rows)
    stopped_at(stage, signal.SIGKILL, database_url, target_url, cwd=tmp_path)
    assert await is_empty(target_url)
    code, _, err = await run(database_url, target_url)
    assert (code, err.count("failed")) == (0, 0)
    assert await digests(target_url) == await digests(database_url)


async def test_interrupted_it_says_so_in_a_line(database_url: str, target_url: str, tmp_path: Path) -> None:
    await look(database_url, add_rows)
    code, err = stopped_at("time_entries: moved", signal.SIGINT, database_url, target_url, cwd=tmp_path)
    assert (code, err) == (1, "failed: interrupted. Run it again: it tells if all was moved already\n")
    assert await is_empty(target_url)


def stopped_at(stage: str, how: signal.Signals, source: str, target: str, cwd: Path) -> tuple[int, str]:
    """Start a move, and stop it when it tells of this: its exit code, and what it complains of."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", HALTING, source, target],
        env=environment(source),
        cwd=cwd,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        while not (line := process.stdout.readline()).startswith(stage):
            assert line, "it ended before it was stopped"
            process.stdin.write("\n")
            process.stdin.flush()
        process.send_signal(how)
        _, err = process.communicate()
        return process.returncode, err
