"""`python scripts/verify_db.py`, run as an operator runs it."""

import asyncio
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import verify_db as verify_db_script
from app.core.db.verify.invariants import invariants
from app.models import metadata
from tests.core.db.read_only import make_read_only
from tests.core.db.test_verify import files_in
from tests.migrations.running import environment, look

SCRIPT = Path(verify_db_script.__file__)


class Done(NamedTuple):
    """How the command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


async def verify_db(url: str, *arguments: str) -> Done:
    """The command as it is called. In a thread: it has a loop of its own."""
    with (
        patch.dict(os.environ, environment(url)),
        redirect_stdout(io.StringIO()) as out,
        redirect_stderr(io.StringIO()) as err,
    ):
        code = await asyncio.to_thread(verify_db_script.main, list(arguments))
    return Done(code, out.getvalue(), err.getvalue())


def test_it_runs_from_any_folder(sqlite_database_url: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", SCRIPT, "--json"],
        env=environment(sqlite_database_url),
        cwd=tmp_path,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True


async def test_a_line_for_each_check(database_url: str) -> None:
    done = await verify_db(database_url)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if not line.startswith("ok ")] == []
    names = {line.removeprefix("ok ").split(":")[0] for line in lines}
    assert names >= {invariant.name for invariant in invariants(metadata)}
    assert names >= {f"rows of {table}" for table in metadata.tables}
    assert names >= {"lists of /tasks", "lists of /changes", "service's encoding", "zones of time_entries"}
    await look(database_url, lambda c: c.exec_driver_sql("DROP INDEX idx_user_id"))
    done = await verify_db(database_url)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("checks failed")
    assert "FAILED idx_user_id: tasks has no such index. To mend: run" in done.stdout


async def test_json(database_url: str) -> None:
    await look(database_url, lambda c: c.exec_driver_sql("DROP INDEX idx_user_id"))
    done = await verify_db(database_url, "--json")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    count = len(result["checks"])
    assert (result["ok"], result["error"]) == (False, f"3 of {count} checks failed")
    failed = {check["name"]: check["mend"] for check in result["checks"] if not check["ok"]}
    assert failed.keys() == {"indexes", "idx_user_id", "lists of /tasks"}
    assert all(failed.values())


async def test_a_read_only_database(database_url: str) -> None:
    await make_read_only(database_url)
    done = await verify_db(database_url)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("could not run: The database takes no writes")


async def test_could_not_run(tmp_path: Path) -> None:
    for url, said in [
        ("mysql://localhost/daybook", "DATABASE_URL names mysql"),
        ("postgresql://bob:hunter2@127.0.0.1:1/daybook", "can't be reached"),
        (f"sqlite:///{tmp_path / 'app.db'}", "does not exist"),
    ]:
        done = await verify_db(url)
        (line,) = done.stderr.splitlines()
        assert (done.returncode, done.stdout) == (2, "")
        assert said in line
        assert "hunter2" not in line
    done = await verify_db("mysql://localhost/daybook", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["checks"] == []
    assert files_in(tmp_path) == []
