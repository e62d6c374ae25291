"""verify: what only the service brings along: its own connections, its lists' statements, its zones."""

import hashlib
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from app.api import list_plans
from app.core.days import is_zone
from app.core.db.migrations.preflight import Obstacle
from app.core.db.verify import Check, Service, checks, verify
from app.core.db.verify.lists import ListPlan
from app.models import metadata
from app.models.task import Task
from tests.core.db.test_verify import change, files_in
from tests.core.db.test_verify_rows import wreck
from tests.migrations.running import look
from tests.models.rows import add_rows
from tests.service import settings_for


async def checks_of(url: str, lists: tuple[ListPlan, ...] = ()) -> dict[str, Check]:
    given = settings_for(url)
    found = await verify(given.database, metadata, Task, Service(given, lists, is_zone))
    return {check.name: check for check in found}


async def broken(url: str, lists: tuple[ListPlan, ...] = ()) -> dict[str, Check]:
    return {name: check for name, check in (await checks_of(url, lists)).items() if not check.ok}


async def test_a_healthy_database_passes(database_url: str) -> None:
    await look(database_url, add_rows)
    found = await checks_of(database_url, list_plans())
    assert [str(check) for check in found.values() if not check.ok] == []
    settings = {name.removeprefix("service's ") for name in found if name.startswith("service's ")}
    if database_url.startswith("sqlite"):
        assert settings == {"journal", "foreign keys", "encoding"}
    else:
        assert settings == {"time zone", "encoding", "isolation", "durability"}
    lists = {name for name in found if name.startswith("lists of ")}
    paths = ("changes", "config", "tasks", "time-codes", "time-entries", "work-types")
    assert lists == {f"lists of /{path}" for path in paths}


async def test_a_file_that_was_never_served_stays_as_it_is(sqlite_database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "app.db"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    assert "turns it on" in (await checks_of(sqlite_database_url))["service's journal"].what
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert files_in(tmp_path) == [file]


async def test_a_served_file_is_seen_through_the_services_connections(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    assert (await checks_of(sqlite_database_url))["service's journal"].what == "wal"


async def test_what_the_service_sets_itself_hides_what_the_database_says(postgres_database_url: str) -> None:
    name = postgres_database_url.rpartition("/")[2]
    await change(
        postgres_database_url,
        f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'",
        f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'",
    )
    assert await broken(postgres_database_url) == {}


async def test_what_the_service_does_not_set_is_found(postgres_database_url: str) -> None:
    name = postgres_database_url.rpartition("/")[2]
    await change(postgres_database_url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    found = await broken(postgres_database_url)
    assert found.keys() == {"service's durability"}
    assert "its connections have off, not on or" in found["service's durability"].what
    assert "ALTER DATABASE" in str(found["service's durability"])


async def test_what_the_url_says_is_what_counts(postgres_database_url: str) -> None:
    found = await broken(f"{postgres_database_url}?options=-c%20timezone%3DAsia%2FTokyo")
    assert found.keys() == {"service's time zone"}


async def test_an_engine_that_is_too_old(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.db.verify.service.SQLITE_MIN", (4, 0))
    monkeypatch.setattr("app.core.db.verify.service.POSTGRES_MIN", 99)
    found = await broken(database_url)
    assert found.keys() == {"version"}
    assert "is too old" in found["version"].what


async def test_the_services_own_connection_is_refused(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("app.core.db.verify.checks.service_checks", refuse)
    found = await broken(database_url)
    assert found.keys() == {"service"}
    assert "ConnectionRefusedError" in found["service"].what


@pytest.mark.parametrize(
    ("index", "path", "sort"),
    [
        ("idx_user_id", "/tasks", "updated_at"),
        ("ix_time_entries_by_day", "/time-entries", "day"),
        ("ix_config_user_id_seq", "/config", "updated_at"),
    ],
)
async def test_a_list_that_lost_its_index(database_url: str, index: str, path: str, sort: str) -> None:
    await change(database_url, f"DROP INDEX {index}")
    found = (await broken(database_url, list_plans()))[f"lists of {path}"]
    assert f"sort=-{sort} live sorts what an index should have sorted" in found.what
    assert "REINDEX" in str(found)


async def test_a_list_that_reads_everybodys_rows(sqlite_database_url: str) -> None:
    tables = ("CREATE TABLE bare AS SELECT * FROM work_types", "DROP TABLE work_types")
    await change(sqlite_database_url, *tables, "ALTER TABLE bare RENAME TO work_types")
    found = await broken(sqlite_database_url, list_plans())
    assert "reads work_types of everybody" in found["lists of /work-types"].what
    assert "reads work_types of everybody" in found["lists of /changes"].what


async def test_a_zone_that_is_unknown(database_url: str) -> None:
    await look(database_url, add_rows)
    await wreck(database_url, [], "UPDATE time_entries SET time_zone = 'Mars/Olympus' WHERE locked")
    found = await broken(database_url)
    assert found.keys() == {"zones of time_entries"}
    assert found["zones of time_entries"].what == "1 are unknown here: 'Mars/Olympus'"


async def test_rows_in_the_way_of_a_pending_migration(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    obstacle = Obstacle("abc", "titles that are too long", 1, ("tasks 1",))
    monkeypatch.setattr("app.core.db.verify.checks.preflight", lambda _: [obstacle])
    found = await broken(database_url)
    assert found.keys() == {"pending migrations"}
    assert found["pending migrations"].what == str(obstacle)


async def test_nobody_who_writes_waits(
    sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step but the sample's leaves room for a writer who does not wait, while it is under way."""
    steps_of, written = checks._steps, []

    def beside(writer: sqlite3.Connection, step: Any, connection: Connection) -> Any:
        yield from step(connection)
        writer.execute("UPDATE change_heads SET seq = seq")
        written.append(step)

    with closing(sqlite3.connect(tmp_path / "app.db", timeout=0, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")

        def steps(*given: Any) -> Any:
            found = steps_of(*given)
            sample = found.pop("sample")
            return {name: partial(beside, writer, step) for name, step in found.items()} | {"sample": sample}

        monkeypatch.setattr(checks, "_steps", steps)
        assert await broken(sqlite_database_url, list_plans()) == {}
    assert len(written) > 20


async def test_progress_is_told_once_it_takes_long(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "SILENT_SECONDS", -1)
    said: list[str] = []
    await verify(settings_for(database_url).database, metadata, Task, None, said.append)
    assert said[0] == f"1 of {len(said)}: connection"


def test_a_line_has_nothing_that_a_terminal_obeys() -> None:
    assert (
        str(Check("rows", ok=False, what="al\x1b[2Jice\nok all: well"))
        == "FAILED rows: al�[2Jice�ok all: well"
    )
