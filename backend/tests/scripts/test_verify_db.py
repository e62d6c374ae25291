"""`python scripts/verify_db.py`, run as an operator runs it."""

import json
import subprocess
import sys
from pathlib import Path

from app.core.db.verify.invariants import invariants
from app.models import metadata
from tests.core.db.read_only import make_read_only
from tests.migrations.running import environment, look

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "verify_db.py"


def verify_db(url: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", SCRIPT, *arguments],
        env=environment(url),
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )


async def test_a_line_for_each_check(database_url: str, tmp_path: Path) -> None:
    done = verify_db(database_url, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    of_rows = len(metadata.tables) + len(invariants(metadata))
    assert len(lines) == 9 + of_rows + 2 * database_url.startswith("sqlite")
    assert all(line.startswith("ok ") for line in lines)
    await look(database_url, lambda c: c.exec_driver_sql("DROP INDEX idx_user_id"))
    done = verify_db(database_url, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "FAILED idx_user_id: tasks has no such index. To mend: run" in done.stdout


async def test_json(database_url: str, tmp_path: Path) -> None:
    await look(database_url, lambda c: c.exec_driver_sql("DROP INDEX idx_user_id"))
    done = verify_db(database_url, "--json", cwd=tmp_path)
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert (result["ok"], result["error"]) == (False, None)
    failed = {check["name"]: check["mend"] for check in result["checks"] if not check["ok"]}
    assert failed.keys() == {"indexes", "idx_user_id"}


async def test_a_read_only_database(database_url: str, tmp_path: Path) -> None:
    await make_read_only(database_url)
    done = verify_db(database_url, cwd=tmp_path)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith("could not run: The database takes no writes")


def test_could_not_run(tmp_path: Path) -> None:
    for url, said in [
        ("mysql://localhost/daybook", "DATABASE_URL names mysql"),
        ("postgresql://bob:hunter2@127.0.0.1:1/daybook", "can't be reached"),
        (f"sqlite:///{tmp_path / 'app.db'}", "does not exist"),
    ]:
        done = verify_db(url, cwd=tmp_path)
        (line,) = done.stderr.splitlines()
        assert (done.returncode, done.stdout) == (2, "")
        assert said in line
        assert "hunter2" not in line
    done = verify_db("mysql://localhost/daybook", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["checks"] == []
    assert list(tmp_path.iterdir()) == []
