"""Start-up and shutdown: migrated before the first request, or loud about it; and nothing left open."""

import asyncio
import logging
from pathlib import Path

import asyncpg
import pytest

from app import VERSION
from app.core.db.connecting import UnreachableError
from app.core.db.migrations.revisions import revisions
from app.main import create_app
from tests.core.db.databases import checked_out, closed_port, idle
from tests.migrations.running import look
from tests.service import client_of, running, settings_for

TASKS = "/api/v1/tasks"


def file_of(url: str) -> Path:
    """The file behind a URL of SQLite's."""
    return Path(url.removeprefix("sqlite:///"))


def messages_of(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """What the app itself said at this level or above."""
    ours = [record for record in caplog.records if record.name.startswith("app.")]
    return [record.getMessage() for record in ours if record.levelno >= level]


async def connections_to(url: str) -> int:
    """How many others are connected to the Postgres database."""
    connection = await asyncpg.connect(url)
    try:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        return count
    finally:
        await connection.close()


async def test_an_empty_database_is_migrated_before_the_first_request(
    empty_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(settings_for(empty_database_url, auto_migrate=True)) as app:
        steps = [text for text in messages_of(caplog, logging.INFO) if "upgraded to revision" in text]
        assert steps[-1].endswith(revisions().head or "-")
        async with client_of(app, "alice") as alice:
            assert (await alice.get("/health/db")).json()["status"] == "healthy"
            assert (await alice.post(TASKS, json={"title": "Water the plants"})).status_code == 201


async def test_a_migrated_database_is_left_as_it_is(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(settings_for(database_url, auto_migrate=True)) as app, client_of(app) as nobody:
        assert (await nobody.get("/health/db")).status_code == 200
    assert not [text for text in messages_of(caplog, logging.INFO) if "revision" in text]


async def test_sqlite_is_migrated_by_default(empty_sqlite_database_url: str) -> None:
    async with running(settings_for(empty_sqlite_database_url)) as app, client_of(app, "alice") as alice:
        assert (await alice.get(TASKS)).status_code == 200


async def test_behind_it_starts_and_says_so_loudly(
    empty_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(settings_for(empty_database_url, auto_migrate=False)) as app:
        (loud,) = messages_of(caplog, logging.ERROR)
        assert "make migrate" in loud
        assert "AUTO_MIGRATE=true" in loud
        async with client_of(app, "alice") as alice:
            assert (await alice.get("/health")).status_code == 200
            health = await alice.get("/health/db")
            assert (health.status_code, health.json()["status"]) == (503, "behind")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_behind_a_request_is_told_to_come_back(
    empty_database_url: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(settings_for(empty_database_url, auto_migrate=False)) as app:
        caplog.clear()
        async with client_of(app, "alice") as alice:
            body = {"title": "Water the plants"} if method == "POST" else None
            answer = await alice.request(method, TASKS, json=body)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "retry-after" in answer.headers
        assert "tasks" not in answer.json()["detail"]
        assert checked_out(app.state.database) == 0


async def test_postgres_down_and_not_to_migrate_it_starts_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"postgresql://alice:hunter2@127.0.0.1:{closed_port()}/daybook"
    async with running(settings_for(url)) as app, client_of(app) as nobody:
        assert (await nobody.get("/health")).status_code == 200
    (loud,) = messages_of(caplog, logging.ERROR)
    assert "does not answer" in loud
    assert "hunter2" not in caplog.text


async def test_postgres_down_and_to_migrate_it_refuses_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    port = closed_port()
    settings = settings_for(f"postgresql://alice:hunter2@127.0.0.1:{port}/daybook", auto_migrate=True)
    with pytest.RaisesGroup(UnreachableError):
        async with running(settings):
            pass
    (line,) = messages_of(caplog, logging.ERROR)
    assert str(port) in line
    assert "\n" not in line
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("auto_migrate", [True, False])
async def test_a_database_of_newer_code_is_served_as_it_is(
    database_url: str, auto_migrate: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A replica of the old code may start while the new code is rolled out."""
    to_newer = "UPDATE alembic_version SET version_num = 'from_the_future'"
    await look(database_url, lambda connection: connection.exec_driver_sql(to_newer))
    async with (
        running(settings_for(database_url, auto_migrate=auto_migrate)) as app,
        client_of(app, "alice") as alice,
    ):
        (line,) = messages_of(caplog, logging.WARNING)
        assert "newer code" in line
        assert (await alice.post(TASKS, json={"title": "Water the plants"})).status_code == 201
        health = await alice.get("/health/db")
        assert (health.status_code, health.json()["revision"]) == (200, "from_the_future")


async def test_a_folder_that_cannot_be_made_is_told_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.RaisesGroup(UnreachableError):
        async with running(settings_for(f"sqlite:///{tmp_path}/data/app.db")):
            pass
    (line,) = messages_of(caplog, logging.ERROR)
    assert f"the folder {tmp_path}/data can't be made" in line
    assert not [record for record in caplog.records if record.exc_info]


async def test_the_log_says_that_it_started_and_that_it_stopped(
    caplog: pytest.LogCaptureFixture, postgres_database_url: str
) -> None:
    caplog.set_level(logging.INFO)
    url = postgres_database_url.replace("postgres@", "postgres:hunter2@")
    async with running(settings_for(url, environment="staging")):
        assert messages_of(caplog, logging.INFO) == ["started"]
    assert messages_of(caplog, logging.INFO) == ["started", "stopped"]
    for record in caplog.records:
        told = vars(record)
        if record.name == "app.main":
            assert (told["version"], told["environment"]) == (VERSION, "staging")
            assert told["database"] == url.replace("hunter2", "***")


async def test_a_migration_that_fails_stops_the_start_and_leaves_its_stack(
    empty_database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the engine room is on fire")

    monkeypatch.setattr("app.main.upgrade", fail)
    with pytest.RaisesGroup(RuntimeError):
        async with running(settings_for(empty_database_url, auto_migrate=True)):
            pass
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage() == "the service can't start: a migration failed"
    assert record.exc_info


async def test_migrations_go_where_they_are_told(
    empty_postgres_database_url: str, empty_sqlite_database_url: str
) -> None:
    """The service's own URL may be a pooler's; here it is another database altogether."""
    settings = settings_for(
        empty_postgres_database_url, migration_database_url=empty_sqlite_database_url, auto_migrate=True
    )
    async with running(settings) as app, client_of(app) as nobody:
        assert (await nobody.get("/health/db")).json()["status"] == "behind"
    assert file_of(empty_sqlite_database_url).read_bytes().startswith(b"SQLite format 3")


async def test_a_database_in_memory_is_migrated_on_its_one_connection_and_serves_many_at_once(
    memory_database_url: str,
) -> None:
    async with running(settings_for(memory_database_url)) as app, client_of(app, "alice") as alice:
        assert (await alice.get("/health/db")).json()["status"] == "healthy"
        made = await asyncio.gather(*(alice.post(TASKS, json={"title": f"{n}"}) for n in range(20)))
        assert {answer.status_code for answer in made} == {201}
        lists = await asyncio.gather(*(alice.get(TASKS, params={"total": "true"}) for _ in range(20)))
        assert {answer.json()["total"] for answer in lists} == {20}
        assert checked_out(app.state.database) == 0
        assert idle(app.state.database) == 1


async def test_two_databases_in_memory_are_two(memory_database_url: str) -> None:
    settings = settings_for(memory_database_url)
    async with running(settings) as one, running(settings) as other:
        async with client_of(one, "alice") as alice:
            await alice.post(TASKS, json={"title": "Water the plants"})
        async with client_of(other, "alice") as alice:
            assert (await alice.get(TASKS)).json()["items"] == []


async def test_after_the_end_no_connection_is_open(database_url: str, engine_name: str) -> None:
    async with (
        running(settings_for(database_url, auto_migrate=True)) as app,
        client_of(app, "alice") as alice,
    ):
        await asyncio.gather(*(alice.get(TASKS) for _ in range(5)), alice.get("/health/db"))
        assert idle(app.state.database) > 0
        if engine_name == "postgres":
            assert await connections_to(database_url) > 0
    assert idle(app.state.database) == 0
    if engine_name == "postgres":
        assert await connections_to(database_url) == 0


async def test_nothing_is_opened_before_the_start(empty_sqlite_database_url: str) -> None:
    app = create_app(settings_for(empty_sqlite_database_url))
    assert idle(app.state.database) == 0
    assert list(file_of(empty_sqlite_database_url).parent.iterdir()) == []
    url = f"postgresql://alice:hunter2@127.0.0.1:{closed_port()}/daybook"
    assert idle(create_app(settings_for(url)).state.database) == 0
