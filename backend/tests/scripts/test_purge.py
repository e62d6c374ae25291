"""`python scripts/purge.py`, run as an operator runs it."""

import json
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Connection

from tests.migrations.running import environment, look

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "purge.py"
OLD = "'2026-01-01 00:00:00.000000'"
TASK = (
    "INSERT INTO tasks (user_id, id, created_at, updated_at, seq, deleted_at, title, title_key, completed,"
    f" priority, tags) VALUES ('alice', '019b7600-0000-7000-8000-000000000001', {OLD}, {OLD}, 1, {OLD},"
    " 'old', 'old', false, 'none', '[]')"
)
HEAD = "INSERT INTO change_heads (user_id, epoch, seq, purged_seq) VALUES ('alice', '0123456789ab', 1, 0)"


LOCK = "UPDATE change_heads SET seq = seq"
SHORT = {"DB_COMMAND_TIMEOUT_SECONDS": "0.4", "DB_POOL_TIMEOUT_SECONDS": "0.4"}


def purge(url: str, *arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", SCRIPT, *arguments],
        env=environment(url) | more,
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )


async def test_it_says_what_it_removed_and_the_second_time_there_is_nothing(
    database_url: str, tmp_path: Path
) -> None:
    await look(database_url, lambda c: [c.exec_driver_sql(statement) for statement in (HEAD, TASK)])
    done = purge(database_url, "--days", "36500", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing to remove\n", "")
    done = purge(database_url, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "tasks: 1 removed\n", "")
    done = purge(database_url, "--json", cwd=tmp_path)
    assert json.loads(done.stdout) == {"ok": True, "error": None, "people": 0, "rows": {}}


async def test_who_holds_their_turn_is_left_and_told_of(database_url: str, tmp_path: Path) -> None:
    await look(database_url, lambda c: [c.exec_driver_sql(statement) for statement in (HEAD, TASK)])
    assert purge(database_url, "--days", "36500", cwd=tmp_path).returncode == 0

    def while_locked(connection: Connection) -> subprocess.CompletedProcess[str]:
        connection.exec_driver_sql(LOCK)
        return purge(database_url, "--json", cwd=tmp_path, **SHORT)

    done = await look(database_url, while_locked)
    assert done.returncode == 1
    error = "1 busy with writes of their own; run it again"
    assert json.loads(done.stdout) == {"ok": False, "error": error, "people": 0, "rows": {}}
    assert purge(database_url, cwd=tmp_path).stdout == "tasks: 1 removed\n"


async def test_a_database_that_is_not_migrated_or_not_there_is_told_in_a_line(
    empty_database_url: str, tmp_path: Path
) -> None:
    done = purge(empty_database_url, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("could not purge: ")
    assert "upgrade head" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    done = purge("postgresql://alice@127.0.0.1:1/nowhere", "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (2, False)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "alice.db"
    done = purge(f"sqlite:///{file}", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not exist" in done.stderr
    assert not file.exists()


def test_days_are_a_number(tmp_path: Path) -> None:
    done = purge("sqlite:///x.db", "--days", "-1", cwd=tmp_path)
    assert done.returncode == 2
    assert "argument --days: expected 0 to 36500" in done.stderr
