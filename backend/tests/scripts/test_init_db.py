"""`python scripts/init_db.py`: made, migrated, verified; and what it says where it can't."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

import init_db
from app.core.db.making import make_database
from app.core.db.migrations.revisions import revisions
from tests.migrations.running import ini_with, look, parsed, write_revision
from tests.migrations.test_schema import shape_of
from tests.models.rows import add_rows
from tests.postgres import database_on, drop_database
from tests.scripts.commands import midway, ran

HEAD = revisions().head
PIECES = len(revisions().known)


@pytest.fixture
async def missing_url(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A database that is not there, with a name that wants care."""
    if engine_name == "sqlite":
        yield f"sqlite:///{tmp_path / 'new folder' / 'its.db'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"alice's {uuid4().hex}"
    yield database_on(server, name.replace(" ", "%20"))
    await drop_database(server, name)


async def test_it_makes_migrates_and_verifies_and_twice_is_harmless(missing_url: str) -> None:
    done = await ran(init_db.main, missing_url)
    made, migrated, verified = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert made.startswith("made ")
    assert migrated == f"migrated from nothing to {HEAD}, {PIECES} revisions"
    assert verified.startswith("verified, ")
    await look(missing_url, add_rows)
    again = await ran(init_db.main, missing_url)
    there, already, verified_again = again.out.splitlines()
    assert there.endswith(" is there")
    assert (again.code, already, verified_again) == (0, f"at revision {HEAD} already", verified)


async def test_json(empty_database_url: str) -> None:
    told = (await ran(init_db.main, empty_database_url, "--json")).told
    assert (told["ok"], told["error"], told["before"], told["after"]) == (True, None, None, HEAD)
    assert told["made"] == empty_database_url.startswith("sqlite")
    assert len(told["revisions"]) == PIECES
    assert all(check["ok"] for check in told["checks"])


async def test_it_goes_where_migrations_go(
    empty_sqlite_database_url: str, empty_postgres_database_url: str
) -> None:
    done = await ran(
        init_db.main, empty_postgres_database_url, migration_database_url=empty_sqlite_database_url
    )
    assert done.code == 0
    assert await shape_of(empty_postgres_database_url) == {}
    assert await shape_of(empty_sqlite_database_url) != {}


async def test_three_at_once(missing_url: str) -> None:
    """One makes it; who comes meanwhile finds it made."""
    database = parsed(missing_url)
    made = await asyncio.gather(*(make_database(database) for _ in range(3)))
    assert any(made)
    assert (await ran(init_db.main, missing_url)).code == 0


async def test_who_may_not_make_it_is_told_what_to_have_run(postgres_server: str) -> None:
    connection = await asyncpg.connect(postgres_server)
    try:
        await connection.execute("CREATE ROLE bob LOGIN PASSWORD 'hunter2'")
        url = database_on(postgres_server, "bobs").replace("postgres@", "bob:hunter2@")
        done = await ran(init_db.main, url)
    finally:
        await connection.execute("DROP ROLE bob")
        await connection.close()
    [line] = done.err.splitlines()
    assert (done.code, done.out) == (2, "")
    assert "permission denied to create database" in line
    assert """CREATE DATABASE "bobs" ENCODING 'UTF8' TEMPLATE template0 OWNER "bob\"""" in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://bob:hunter2@127.0.0.1:1/daybook", "can't be reached"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:////proc/alice/app.db", "can't be made"),
    ],
)
async def test_where_it_could_not_begin_it_says_why(url: str, said: str) -> None:
    done = await ran(init_db.main, url)
    [line] = done.err.splitlines()
    assert (done.code, done.out) == (2, "")
    assert line.startswith("could not run: ")
    assert said in line
    assert "hunter2" not in line
    assert not (await ran(init_db.main, url, "--json")).told["ok"]


async def test_a_migration_that_fails_is_named_and_nothing_is_half_done(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_revision(tmp_path, "fails", "op.execute('no')")
    with monkeypatch.context() as patch:
        patch.setattr("app.core.db.migrations.revisions.INI", ini_with(tmp_path))
        done = await ran(init_db.main, empty_database_url)
    [line] = done.err.splitlines()
    assert done.code == 1
    assert line.startswith("failed: The upgrade to fails (fails.) fails, and nothing was changed: ")
    assert await shape_of(empty_database_url) == {}
    assert (await ran(init_db.main, empty_database_url)).code == 0


async def test_a_check_that_fails_is_told(database_url: str) -> None:
    await look(database_url, lambda c: c.exec_driver_sql("DROP INDEX ix_tasks_trashed"))
    done = await ran(init_db.main, database_url)
    assert done.code == 1
    assert "FAILED indexes: index tasks.ix_tasks_trashed is missing" in done.out
    assert " checks failed" in done.err


async def test_killed_in_the_midst_of_it_the_next_one_does_it_all(
    empty_database_url: str, tmp_path: Path
) -> None:
    with midway(empty_database_url, "init_db", cwd=tmp_path):
        pass
    assert await shape_of(empty_database_url) == {}
    done = await ran(init_db.main, empty_database_url)
    assert (done.code, done.out.splitlines()[1]) == (
        0,
        f"migrated from nothing to {HEAD}, {PIECES} revisions",
    )
