"""The commands of the page on operating, as an operator would type them, on both engines."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres import postgres_home
from tests.service import ISSUER, SECRET, client_of, running, settings_for

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "backend" / "OPERATE.md"

# What an environment with the lock's packages has on its PATH.
SHELL = """set -eu
python() { "$PYTHON" "$@"; }
alembic() { "$PYTHON" -m alembic "$@"; }
"""


def commands(section: str) -> str:
    """What a section of the page shows to be typed."""
    text = PAGE.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    return "".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what runs: its `data` is its own."""
    folder = tmp_path_factory.mktemp("project")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("backend/app", "migrations", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder


async def typed(script: str, project: Path, **settings: str) -> str:
    """What a shell says to the script, of which every command succeeded."""
    path = os.pathsep.join((str(postgres_home() / "bin"), os.environ["PATH"]))
    issuer = {"AUTH_ISSUER": ISSUER, "AUTH_SECRET": SECRET}
    done = await asyncio.to_thread(
        subprocess.run,
        ["/bin/sh", "-c", SHELL + script],
        env={"PATH": path, "PYTHON": sys.executable, **issuer, **settings},
        cwd=project,
        stdin=subprocess.DEVNULL,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


async def titles(url: str, user_id: str = "alice") -> list[str]:
    """What this person's list shows."""
    async with running(settings_for(url, auto_migrate=False)) as app, client_of(app, user_id) as person:
        answer = await person.get("/api/v1/tasks")
        assert answer.status_code == 200, answer.text
        return [task["title"] for task in answer.json()["items"]]


async def add_task(url: str, title: str) -> None:
    async with running(settings_for(url, auto_migrate=False)) as app, client_of(app, "alice") as alice:
        assert (await alice.post("/api/v1/tasks", json={"title": title})).status_code == 201


async def test_a_first_deploy_an_upgrade_a_backup_and_a_drill(empty_database_url: str, project: Path) -> None:
    url = {"DATABASE_URL": empty_database_url}
    shutil.rmtree(project / "data", ignore_errors=True)
    await typed(commands("First deploy") + commands("Upgrade"), project, **url)
    await add_task(empty_database_url, "Water the plants")
    await typed(commands("Back up"), project, **url)
    await add_task(empty_database_url, "What the bad day brings")
    newest = max((project / "data" / "backups").iterdir(), key=lambda file: file.stat().st_mtime)
    restore = commands("Restore: the drill and the real thing")
    await typed(restore, project, BACKUP=str(newest), **url)
    assert await titles(empty_database_url) == ["Water the plants"]


@pytest.mark.parametrize("to_postgres", [True, False])
async def test_a_move_either_way(
    *, to_postgres: bool, empty_sqlite_database_url: str, empty_postgres_database_url: str, project: Path
) -> None:
    urls = [empty_sqlite_database_url, empty_postgres_database_url]
    source, target = urls if to_postgres else reversed(urls)
    await typed(commands("First deploy"), project, DATABASE_URL=source)
    await add_task(source, "Water the plants")
    move = commands("Move from SQLite to Postgres, or back")
    said = await typed(move, project, SOURCE=source, TARGET=target)
    assert "every row was read back" in said
    assert await titles(target) == await titles(source) == ["Water the plants"]


async def test_a_person_whose_sub_has_changed(database_url: str, project: Path) -> None:
    await add_task(database_url, "Water the plants")
    names = {"OLD": "alice", "NEW": "auth0|alice"}
    await typed(commands("A person's `sub` has changed"), project, DATABASE_URL=database_url, **names)
    assert await titles(database_url, "auth0|alice") == ["Water the plants"]
    assert await titles(database_url) == []


def test_every_command_that_the_page_names_is_there() -> None:
    page, makefile = PAGE.read_text(), (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"`make ([a-z-]+)", page))
    scripts = set(re.findall(r"scripts/(\w+)\.py", page))
    assert len(targets) >= 12
    assert {name for name in targets if f"\n{name}: " not in makefile} == set()
    assert {path.stem for path in (ROOT / "scripts").glob("[a-z]*.py")} - scripts == {"make_token"}
    assert {name for name in scripts if not (ROOT / "scripts" / f"{name}.py").exists()} == set()
