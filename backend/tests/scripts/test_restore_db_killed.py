"""A restore that is killed at its worst moments: the old database or the new one is there, and whole."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from app.core.db.verify import verify
from app.models import metadata
from app.models.task import Task
from tests.migrations.running import environment, look, parsed
from tests.models.rows import add_rows
from tests.scripts.backed_up import TOOLS, WAYS, back_up, contents_of, names_in, restore

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"

# Dies by the hand of nobody it could plead with, before or after the function does its work.
DRIVER = """
import importlib, os, signal, sys
scripts, module, name, when, *arguments = sys.argv[1:]
sys.path.insert(0, scripts)
import restore_db
place = importlib.import_module(module)
real = getattr(place, name)
def fatal(*given, **more):
    if when == "after":
        real(*given, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(place, name, fatal)
sys.exit(restore_db.main(arguments))
"""
BACKUPS = "app.core.db.backups"
ON_SQLITE = [
    (f"{BACKUPS}.unpacking", "faults_of", "before"),  # the new file is written
    (f"{BACKUPS}.restoring_sqlite", "put_in_place", "before"),  # it is proven
    ("os", "link", "before"),
    ("os", "link", "after"),  # the old one has two names
    ("os", "replace", "before"),
    ("os", "replace", "after"),  # the new one has taken its place
]
ON_POSTGRES = [
    (f"{BACKUPS}.restoring_postgres", "_empty", "before"),
    (f"{BACKUPS}.unpacking", "wrong_in", "before"),  # the new rows are loaded
    (f"{BACKUPS}.restoring_postgres", "renew_heads", "before"),  # they are proven
    (f"{BACKUPS}.restoring_postgres", "Restored", "before"),  # it is committed
]


def killed(url: str, point: tuple[str, str, str], file: Path) -> int:
    """The exit code of a restore that is killed at this point."""
    arguments = [file, "--yes", "--keep-in", file.parent, *TOOLS]
    command = [sys.executable, "-c", DRIVER, SCRIPTS, *point, *arguments]
    process = subprocess.run(
        [str(part) for part in command], env=environment(url), capture_output=True, timeout=60, check=False
    )
    return process.returncode


async def assert_sound(url: str) -> None:
    checks = await verify(parsed(url), metadata, Task)
    assert [check for check in checks if not check.ok] == []


async def old_and_new(url: str, file: Path, way: str) -> tuple[dict[str, str], dict[str, str]]:
    """What is in the database, and what is in the backup of it that was made before."""
    await look(url, add_rows)
    new = await contents_of(url)
    await back_up(url, file, *WAYS[way])
    later = text("UPDATE tasks SET description = 'later', description_key = 'later'")
    await look(url, lambda c: c.execute(later))
    return await contents_of(url), new


@pytest.mark.parametrize("point", ON_SQLITE, ids=[f"{name}-{when}" for _, name, when in ON_SQLITE])
async def test_on_sqlite(sqlite_database_url: str, point: tuple[str, str, str], tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    old, new = await old_and_new(sqlite_database_url, file, "native")
    assert killed(sqlite_database_url, point, file) == -signal.SIGKILL
    is_new = point == ("os", "replace", "after")
    assert await contents_of(sqlite_database_url) == (new if is_new else old)
    await assert_sound(sqlite_database_url)
    done = await restore(sqlite_database_url, file)
    assert done.code == 0
    assert await contents_of(sqlite_database_url) == new
    left = names_in(tmp_path) - {"app.db", "x.zip"}
    assert all(name.startswith("app.db.before-restore-") for name in left)


@pytest.mark.parametrize("point", ON_POSTGRES, ids=[name for _, name, _ in ON_POSTGRES])
async def test_on_postgres(postgres_database_url: str, point: tuple[str, str, str], tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    old, new = await old_and_new(postgres_database_url, file, "native")
    assert killed(postgres_database_url, point, file) == -signal.SIGKILL
    assert await contents_of(postgres_database_url) == (new if "Restored" in point else old)
    await assert_sound(postgres_database_url)
    done = await restore(postgres_database_url, file)
    assert done.code == 0, done.out
    assert await contents_of(postgres_database_url) == new
