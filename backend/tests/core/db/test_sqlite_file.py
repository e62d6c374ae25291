"""The file of a running service is deleted, moved or replaced: nothing is acknowledged and lost."""

import os
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from app.core.db.errors import DATABASE_ERRORS, problem_of
from app.core.errors import UnavailableError
from tests.core.db.databases import checked_out, opened, run
from tests.service import client_of, running, settings_for

TASKS = "/api/v1/tasks"


@pytest.fixture
def file(sqlite_database_url: str) -> Path:
    return Path(sqlite_database_url.removeprefix("sqlite:///"))


@pytest.fixture
async def app(file: Path) -> AsyncIterator[Litestar]:
    async with running(settings_for(f"sqlite:///{file}")) as app:
        yield app


@pytest.fixture
async def alice(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, "alice") as alice:
        yield alice


def titles_in(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [title for (title,) in connection.execute("SELECT title FROM tasks ORDER BY id")]


def backup(file: Path) -> Path:
    copy = file.with_name("backup.db")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


async def add(alice: httpx.AsyncClient, title: str) -> int:
    return (await alice.post(TASKS, json={"title": title})).status_code


async def titles(alice: httpx.AsyncClient) -> list[str]:
    return sorted(task["title"] for task in (await alice.get(TASKS)).json()["items"])


async def test_a_deleted_file_is_503_until_it_is_back(
    app: Litestar,
    alice: httpx.AsyncClient,
    file: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await add(alice, "one") == 201
    copy = backup(file)
    for name in ("", "-wal", "-shm"):
        file.with_name(file.name + name).unlink()
    for _ in range(2):
        assert await add(alice, "lost") == 503
        assert (await alice.get(TASKS)).status_code == 503
        health = await alice.get("/health/db")
        assert (health.status_code, health.json()["status"]) == (503, "unavailable")
        assert os.listdir(tmp_path) == [copy.name]
    assert caplog.messages.count("the database's file is gone; its connections are closed") == 1
    copy.rename(file)
    assert await add(alice, "two") == 201
    assert await titles(alice) == ["one", "two"]
    assert (await alice.get("/health/db")).status_code == 200
    assert titles_in(file) == ["one", "two"]
    assert checked_out(app.state.database) == 0


async def test_a_replaced_file_is_what_is_read_and_written_from_then_on(
    alice: httpx.AsyncClient, file: Path
) -> None:
    """The old one's log lies beside it still: what it holds is not for the new one."""
    await add(alice, "one")
    copy = backup(file)
    for number in range(50):
        await add(alice, f"of the old file {number}")
    assert file.with_name(f"{file.name}-wal").stat().st_size > 0
    copy.replace(file)
    assert await titles(alice) == ["one"]
    assert await add(alice, "two") == 201
    assert await titles(alice) == ["one", "two"]
    assert titles_in(file) == ["one", "two"]


async def test_a_file_that_is_moved_away_takes_all_its_rows_along(
    alice: httpx.AsyncClient, file: Path
) -> None:
    for title in ("one", "two"):
        assert await add(alice, title) == 201
    away = Path(shutil.move(file, file.with_name("away.db")))
    assert await add(alice, "lost") == 503
    assert titles_in(shutil.copyfile(away, file.with_name("alone.db"))) == ["one", "two"]
    shutil.move(away, file)
    assert await add(alice, "three") == 201
    assert titles_in(file) == ["one", "two", "three"]


async def test_what_is_under_way_in_a_replaced_file_is_not_acknowledged(file: Path) -> None:
    async with opened(f"sqlite:///{file}") as database:
        async with database.session(read_only=True) as reader:
            await run(reader, text("SELECT 1"))
        async with database.session() as writer:
            await run(writer, text("CREATE TABLE notes (n int)"))
            shutil.copyfile(file, file.with_name("copy.db")).replace(file)
            async with database.session(read_only=True) as reader:
                await run(reader, text("SELECT 1"))
            with pytest.raises(DATABASE_ERRORS) as caught:
                await writer.commit()
        assert isinstance(problem_of(caught.value), UnavailableError)
        async with database.session() as writer:
            await run(writer, text("CREATE TABLE notes (n int)"))
            await writer.commit()


async def test_a_service_that_starts_makes_the_file_and_its_folder_for_its_owner_alone(
    tmp_path: Path,
) -> None:
    file = tmp_path / "one" / "two" / "app.db"
    async with opened(f"sqlite:///{file}") as database:
        assert not file.parent.exists()
        async with database.session() as session:
            await run(session, text("CREATE TABLE notes (n int)"))
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_a_folder_that_cannot_be_made_is_unavailable_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("in the way")
    async with opened(f"sqlite:///{tmp_path}/one/app.db") as database:
        with pytest.raises(DATABASE_ERRORS) as caught:
            async with database.session() as session:
                await run(session, text("SELECT 1"))
        assert isinstance(problem_of(caught.value), UnavailableError)
        (tmp_path / "one").unlink()
        async with database.session() as session:
            assert (await run(session, text("SELECT 1"))).scalar_one() == 1
