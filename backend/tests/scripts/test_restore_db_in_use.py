"""A restore into a database that somebody uses, or that a dead process left its log beside."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection

from app.core.db.backups import restoring_postgres
from app.core.db.backups.sqlite_alone import held
from tests.migrations.running import environment, look
from tests.models.rows import add_rows
from tests.scripts.backed_up import back_up, contents_of, epochs_of, names_in, restore
from tests.service import ISSUER, SECRET

BACKEND = Path(__file__).resolve().parents[2]
LATER = "UPDATE tasks SET description = 'later', description_key = 'later'"


@contextmanager
def idle_service(url: str) -> Iterator[None]:
    """`python -m app` as a process, which nobody has asked for anything yet."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings = {"AUTH_ISSUER": ISSUER, "AUTH_SECRET": SECRET, "PORT": str(port), "PYTHONPATH": str(BACKEND)}
    with subprocess.Popen(
        [sys.executable, "-m", "app"],
        env=environment(url) | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("Daybook listens")
        yield
        process.terminate()


async def test_a_service_that_runs_is_seen_however_idle(database_url: str, tmp_path: Path) -> None:
    await look(database_url, add_rows)
    file = await back_up(database_url, tmp_path / "x.zip", "--portable")
    epochs = await epochs_of(database_url)
    with idle_service(database_url):
        done = await restore(database_url, file)
        assert done.code == 2
        assert "is in use" in done.told["error"]
        assert "stop the service" in done.told["error"]
        assert await epochs_of(database_url) == epochs
    done = await restore(database_url, file)
    assert done.code == 0, done.out


async def test_who_comes_in_the_midst_waits_outside(sqlite_database_url: str, tmp_path: Path) -> None:
    """Nothing can be written to the old file any more, once it is held."""
    path = Path(sqlite_database_url.removeprefix("sqlite:///"))
    with held(path), closing(sqlite3.connect(path, timeout=0)) as late:
        for statement in ("PRAGMA journal_mode=WAL", "SELECT count(*) FROM tasks", "DELETE FROM tasks"):
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                late.execute(statement)


async def test_who_reads_in_a_transaction_is_waited_for_but_not_for_long(
    postgres_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring_postgres, "LOCK_SECONDS", 1)
    file = await back_up(postgres_database_url, tmp_path / "x.zip", "--portable")
    reader = await asyncpg.connect(postgres_database_url)
    async with reader.transaction():
        await reader.fetch("SELECT count(*) FROM tasks")
        done = await restore(postgres_database_url, file)
    await reader.close()
    assert done.code == 2
    assert "is in use: stop what reads or writes it" in done.told["error"]


async def test_other_programs_tables_stay_and_what_was_granted_on_ours(
    postgres_database_url: str, tmp_path: Path
) -> None:
    statements = [
        'CREATE TABLE "user" (id text PRIMARY KEY)',
        """INSERT INTO "user" VALUES ('alice')""",
        "CREATE VIEW titles AS SELECT title FROM tasks",
        "GRANT SELECT ON tasks TO pg_monitor",
    ]
    await look(postgres_database_url, add_rows)
    await look(postgres_database_url, lambda c: [c.exec_driver_sql(statement) for statement in statements])
    file = await back_up(postgres_database_url, tmp_path / "x.zip")
    done = await restore(postgres_database_url, file)
    assert done.code == 0, done.out
    for question, answer in [
        ('SELECT id FROM "user"', "alice"),
        ("SELECT count(*) FROM titles", 6),
        ("SELECT has_table_privilege('pg_monitor', 'tasks', 'SELECT')", True),
    ]:
        assert await look(postgres_database_url, partial(_answer, question)) == answer
    refers = "CREATE TABLE theirs (u text, t uuid, FOREIGN KEY (u, t) REFERENCES tasks (user_id, id))"
    await look(postgres_database_url, lambda c: c.exec_driver_sql(refers))
    before = await contents_of(postgres_database_url)
    done = await restore(postgres_database_url, file)
    assert done.code == 2
    assert "Another program's table or view refers to ours" in done.told["error"]
    assert await contents_of(postgres_database_url) == before
    assert len(names_in(tmp_path)) == 2  # what the first restore kept; the second has changed nothing


def _answer(question: str, connection: Connection) -> Any:
    return connection.exec_driver_sql(question).scalar()


def left_by_the_dead(url: str, folder: Path) -> str:
    """A copy of the database as a killed process leaves it: what it wrote last is in the log alone."""
    path = Path(url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute(LATER)
        folder.mkdir()
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", folder / f"app.db{suffix}")
    assert (folder / "app.db-wal").stat().st_size > 0
    return f"sqlite:///{folder / 'app.db'}"


async def test_a_log_that_was_left_goes_with_the_old_database(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    await look(sqlite_database_url, add_rows)
    before = await contents_of(sqlite_database_url)
    file = await back_up(sqlite_database_url, tmp_path / "x.zip")
    folder = tmp_path / "dead"
    url = left_by_the_dead(sqlite_database_url, folder)
    done = await restore(url, file)
    assert done.code == 0, done.out
    kept = Path(done.told["kept"])
    assert names_in(folder) == {"app.db", kept.name}
    assert await contents_of(url) == before
    assert await contents_of(f"sqlite:///{kept}") == await contents_of(sqlite_database_url) != before


async def test_a_log_without_its_database_is_left_to_its_operator(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    await look(sqlite_database_url, add_rows)
    file = await back_up(sqlite_database_url, tmp_path / "x.zip")
    folder = tmp_path / "dead"
    url = left_by_the_dead(sqlite_database_url, folder)
    (folder / "app.db").unlink()
    done = await restore(url, file)
    assert done.code == 2
    assert "move it away first" in done.told["error"]
    assert names_in(folder) == {"app.db-wal"}


async def test_a_log_beside_what_is_no_database_any_more_survives_nowhere(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    """The one that is damaged can't take its log in: both are kept, under names that belong together."""
    await look(sqlite_database_url, add_rows)
    before = await contents_of(sqlite_database_url)
    file = await back_up(sqlite_database_url, tmp_path / "x.zip")
    folder = tmp_path / "dead"
    url = left_by_the_dead(sqlite_database_url, folder)
    with (folder / "app.db").open("r+b") as damaged:
        damaged.write(os.urandom(4096))
    done = await restore(url, file)
    assert done.code == 0, done.out
    kept = Path(done.told["kept"]).name
    assert names_in(folder) == {"app.db", kept, f"{kept}-wal"}
    assert await contents_of(url) == before
