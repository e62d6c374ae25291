"""`python scripts/verify_db.py`, run as an operator runs it."""

import json
import subprocess
import sys
from pathlib import Path

import verify_db
from app.core.db.verify.invariants import invariants
from app.models import metadata
from tests.core.db.read_only import make_read_only
from tests.core.db.test_verify import files_in
from tests.migrations.running import environment, look
from tests.scripts.commands import ran

SCRIPT = Path(verify_db.__file__)


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
    done = await ran(verify_db.main, database_url)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert [line for line in lines if not line.startswith("ok ")] == []
    names = {line.removeprefix("ok ").split(":")[0] for line in lines}
    assert names >= {invariant.name for invariant in invariants(metadata)}
    assert names >= {f"rows of {table}" for table in metadata.tables}
    assert names >= {"lists of /tasks", "lists of /changes", "service's encoding", "zones of time_entries"}
    await look(database_url, lambda c: c.exec_driver_sql("DROP INDEX idx_user_id"))
    done = await ran(verify_db.main, database_url)
    assert done.code == 1
    assert done.err.splitlines()[-1].endswith("checks failed")
    assert "FAILED idx_user_id: tasks has no such index. To mend: run" in done.out


async def test_json(database_url: str) -> None:
    await look(database_url, lambda c: c.exec_driver_sql("DROP INDEX idx_user_id"))
    done = await ran(verify_db.main, database_url, "--json")
    assert done.code == 1
    result = done.told
    count = len(result["checks"])
    assert (result["ok"], result["error"]) == (False, f"3 of {count} checks failed")
    failed = {check["name"]: check["mend"] for check in result["checks"] if not check["ok"]}
    assert failed.keys() == {"indexes", "idx_user_id", "lists of /tasks"}
    assert all(failed.values())


async def test_a_read_only_database(database_url: str) -> None:
    await make_read_only(database_url)
    done = await ran(verify_db.main, database_url)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1].startswith("could not run: The database takes no writes")


async def test_could_not_run(tmp_path: Path) -> None:
    for url, said in [
        ("mysql://localhost/daybook", "DATABASE_URL names mysql"),
        ("postgresql://bob:hunter2@127.0.0.1:1/daybook", "can't be reached"),
        (f"sqlite:///{tmp_path / 'app.db'}", "does not exist"),
    ]:
        done = await ran(verify_db.main, url)
        (line,) = done.err.splitlines()
        assert (done.code, done.out) == (2, "")
        assert said in line
        assert "hunter2" not in line
    done = await ran(verify_db.main, "mysql://localhost/daybook", "--json")
    assert done.code == 2
    assert done.told["checks"] == []
    assert files_in(tmp_path) == []
