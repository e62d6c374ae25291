"""`python scripts/backup_db.py`: what it makes, of which moment, and how it is proven."""

import asyncio
import stat
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import backup_db
from app.core.db.backups.container import SEAL
from app.core.db.backups.manifest import FILE_NAME
from tests.migrations.running import look
from tests.models.rows import PRIVATE, add_rows
from tests.postgres import postgres_home
from tests.scripts.backed_up import TOOLS, WAYS, back_up, full_disk, manifest_in, names_in, restore, rewritten
from tests.scripts.commands import ran
from tests.service import client_of, running, settings_for

KINDS = {("sqlite", "native"): "sqlite", ("postgres", "native"): "pg_dump"}


@pytest.mark.parametrize("way", WAYS)
async def test_a_backup_says_what_it_holds_and_is_proven(
    database_url: str, engine_name: str, way: str, tmp_path: Path
) -> None:
    await look(database_url, add_rows)
    file = await back_up(database_url, tmp_path, *WAYS[way])
    manifest = manifest_in(file)
    assert manifest.kind == KINDS.get((engine_name, way), "portable")
    assert {table.name: table.rows for table in manifest.tables}["tasks"] == 6
    assert file.name == f"daybook-{manifest.began_at:%Y%m%dT%H%M%SZ}-{manifest.revision}.zip"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names_in(tmp_path) <= {file.name, "app.db", "app.db-wal", "app.db-shm"}
    done = await ran(backup_db.main, database_url, "--verify", file, *TOOLS)
    assert done.code == 0, done.err
    assert done.out.endswith(f"{file} is whole: {manifest}\n")
    assert PRIVATE not in done.out


@pytest.mark.parametrize("way", WAYS)
async def test_every_row_acknowledged_before_it_began_is_in_it(
    database_url: str, way: str, tmp_path: Path
) -> None:
    acknowledged: list[str] = []
    async with (
        running(settings_for(database_url, auto_migrate=False)) as app,
        client_of(app, "alice") as alice,
    ):

        async def write() -> None:
            while True:
                answer = await alice.post("/api/v1/tasks", json={"title": "Water the plants"})
                acknowledged.append(answer.json()["id"])
                if len(acknowledged) == 20:
                    enough.set()

        enough = asyncio.Event()
        writers = [asyncio.create_task(write()) for _ in range(3)]
        await enough.wait()
        before = set(acknowledged)
        file = await back_up(database_url, tmp_path, *WAYS[way])
        assert len(acknowledged) > len(before)
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
    done = await restore(database_url, file)
    assert done.code == 0, done.out
    ids = text("SELECT CAST(id AS TEXT) FROM tasks")
    found = set(await look(database_url, lambda c: c.scalars(ids).all()))
    assert before <= found
    assert len(found) == done.told["manifest"]["tables"]["tasks"]["rows"]


async def test_without_a_fitting_pg_dump_it_is_portable_and_says_why(
    postgres_database_url: str, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    (old / "pg_dump").chmod(0o755)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "pg_dump").write_text("#!/bin/sh\nexit 127\n")
    (broken / "pg_dump").chmod(0o755)
    for tools, why in ((tmp_path, "not here"), (broken, "not here"), (old, "9 is older than the server, ")):
        done = await ran(
            *(backup_db.main, postgres_database_url, "--to", tmp_path / f"{tools.name}.zip"),
            *("--tools", tools),
        )
        assert done.code == 0, done.err
        assert f"It is portable, since pg_dump {'is ' if 'here' in why else ''}{why}" in done.out
        assert manifest_in(tmp_path / f"{tools.name}.zip").kind == "portable"
    pooled = f"{postgres_database_url}?pgbouncer=true"
    done = await ran(backup_db.main, pooled, "--to", tmp_path / "pooled.zip", *TOOLS)
    assert done.code == 0, done.err
    assert "It is portable, since pg_dump can't go through a pooler" in done.out


async def test_a_pg_dump_that_fails_leaves_nothing(postgres_database_url: str, tmp_path: Path) -> None:
    tools, to = tmp_path / "tools", tmp_path / "to"
    tools.mkdir()
    version = '[ "$1" = --version ] && exec echo "pg_dump (PostgreSQL) 99.1"'
    (tools / "pg_dump").write_text(f"#!/bin/sh\n{version}\necho 'no luck' >&2\nexit 1\n")
    (tools / "pg_dump").chmod(0o755)
    to.mkdir()
    done = await ran(backup_db.main, postgres_database_url, "--to", to, "--tools", tools)
    assert done.code == 1
    assert "pg_dump failed: no luck; --portable does without it" in done.err
    assert names_in(to) == set()


async def test_rotation_keeps_the_newest_and_what_it_did_not_make(database_url: str, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    to.mkdir()
    (to / "notes.txt").write_text("mine")
    (to / "daybook-20000101T000000Z-abcdef.zip").write_text("mine too, whatever it is called")
    (to / "precious.zip").write_bytes((await back_up(database_url, tmp_path / "x.zip")).read_bytes())
    other = rewritten(to / "precious.zip", partial(_update, {"database": "sqlite:///another.db"}))
    other.rename(to / "daybook-20260101T000000Z-abc.zip")
    theirs = names_in(to)
    for hour in range(3):
        began: dict[str, Any] = {"began_at": f"2026-01-01T0{hour}:00:00Z"}
        older = rewritten(tmp_path / "x.zip", partial(_update, began))
        older.rename(to / f"daybook-20260101T0{hour}0000Z-abcdef.zip")
    newest = await back_up(database_url, to, "--keep", "2", "--portable")
    left = names_in(to) - theirs
    assert left == {newest.name, "daybook-20260101T020000Z-abcdef.zip"}
    newest.rename(to / "daybook-20990101T000000Z-abcdef.zip")
    last = await back_up(database_url, to, "--keep", "1", "--portable")
    assert names_in(to) - theirs == {last.name}


def _update(changes: dict[str, Any], manifest: dict[str, Any]) -> None:
    manifest.update(changes)


async def test_a_file_that_is_there_is_not_replaced(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_text("mine")
    done = await ran(backup_db.main, database_url, "--to", tmp_path / "mine.zip")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "is there already" in done.err
    assert (tmp_path / "mine.zip").read_text() == "mine"


async def test_a_place_that_is_no_place_is_told_in_a_line(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = await ran(backup_db.main, database_url, "--to", tmp_path / "file" / "x.zip")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "can't be written to" in done.err


async def test_a_place_that_is_not_there_yet_is_a_folder(database_url: str, tmp_path: Path) -> None:
    to = tmp_path / "nightly" / "backups"
    done = await ran(backup_db.main, database_url, "--to", to, "--keep", "1")
    assert done.code == 0, done.err
    [name] = names_in(to)
    assert FILE_NAME.fullmatch(name)


@pytest.mark.parametrize("way", WAYS)
async def test_a_proof_without_room_says_where_it_wants_it(
    database_url: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await look(database_url, add_rows)
    file = await back_up(database_url, tmp_path / "x.zip", *WAYS[way])
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    with full_disk(4096):
        done = await ran(backup_db.main, database_url, "--json", "--verify", file, *TOOLS)
    assert done.code == 1
    assert f"It can't be unpacked in {room}: " in done.told["error"]
    assert names_in(room) == set()


@pytest.mark.parametrize("way", WAYS)
async def test_a_full_disk_leaves_nothing_and_is_told_in_a_line(
    database_url: str, way: str, tmp_path: Path
) -> None:
    await look(database_url, add_rows)
    to = tmp_path / "backups"
    to.mkdir()
    with full_disk(4096):
        done = await ran(backup_db.main, database_url, "--to", to, *WAYS[way])
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("failed: ")
    assert "othing was kept" in done.err
    assert "Traceback" not in done.err
    assert names_in(to) == set()


async def test_what_is_not_there_or_not_migrated_can_not_be_backed_up(
    empty_database_url: str, tmp_path: Path
) -> None:
    to = tmp_path / "backups"
    to.mkdir()
    done = await ran(backup_db.main, empty_database_url, "--json", "--to", to)
    assert (done.code, done.told["ok"], done.told["manifest"]) == (2, False, None)
    assert names_in(to) == set()
    done = await ran(backup_db.main, "sqlite:///:memory:", "--to", to)
    assert done.code == 2


async def test_a_database_that_is_ahead_is_left_to_newer_code(database_url: str, tmp_path: Path) -> None:
    await look(database_url, lambda c: c.execute(text("UPDATE alembic_version SET version_num = 'ffff'")))
    done = await ran(backup_db.main, database_url, "--to", tmp_path / "x.zip")
    assert done.code == 2
    assert "at ffff, which this code does not know" in done.err
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize("way", WAYS)
async def test_a_backup_that_is_not_what_it_says_fails_its_proof(
    database_url: str, way: str, tmp_path: Path
) -> None:
    await look(database_url, add_rows)
    file = await back_up(database_url, tmp_path / "x.zip", *WAYS[way])

    def another_row(manifest: dict[str, Any]) -> None:
        [tasks] = [table for table in manifest["tables"] if table["name"] == "tasks"]
        tasks["rows"] += 1

    def another_digest(manifest: dict[str, Any]) -> None:
        [entries] = [table for table in manifest["tables"] if table["name"] == "time_entries"]
        entries["sha256"] = entries["sha256"][::-1]

    for change, says in (
        (another_row, "tasks has 6 rows, where the manifest says 7"),
        (another_digest, "time_entries has as many rows as the manifest says, 48, and not the same"),
    ):
        wrong = rewritten(file, change)
        done = await ran(backup_db.main, database_url, "--verify", wrong, "--json", *TOOLS)
        assert (done.code, done.told["wrong"]) == (1, [says])
        done = await restore(database_url, wrong)
        assert done.code == 1
        assert "The database is as it was" in done.told["error"]


async def test_what_is_no_row_is_told_by_its_table(sqlite_database_url: str, tmp_path: Path) -> None:
    """Text that is no UTF-8: SQLite takes it, from others than the service."""
    await look(sqlite_database_url, add_rows)
    spoil = text("UPDATE tasks SET description = CAST(x'ff' AS TEXT), description_key = 'x'")
    await look(sqlite_database_url, lambda c: c.execute(spoil))
    for way in WAYS:
        done = await ran(backup_db.main, sqlite_database_url, "--to", tmp_path / "x.zip", *WAYS[way])
        assert done.code == 1
        assert "tasks has text that is not UTF-8. Nothing was kept" in done.err
    assert names_in(tmp_path) == {"app.db"}


async def test_a_proof_is_no_backup(tmp_path: Path) -> None:
    done = await ran(backup_db.main, "sqlite:///x.db", "--verify", "x.zip", "--keep", "3")
    assert done.code == 2
    assert "--verify makes no backup" in done.err


async def test_a_proof_leaves_the_database_alone(postgres_database_url: str, tmp_path: Path) -> None:
    file = await back_up(postgres_database_url, tmp_path / "x.zip", *TOOLS)
    assert manifest_in(file).kind == "pg_dump"
    assert file.read_bytes()[-64 - len(SEAL) : -64] == SEAL
    done = await ran(backup_db.main, postgres_database_url, "--verify", file, *TOOLS)
    assert done.code == 0
    schemas = text("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'daybook%'")
    assert await look(postgres_database_url, lambda c: c.scalar(schemas)) == 0
    done = await ran(backup_db.main, "sqlite:///x.db", "--verify", file, *TOOLS)
    assert done.code == 2
    assert "set DATABASE_URL to one" in done.err
    done = await ran(backup_db.main, postgres_database_url, "--verify", file, "--tools", tmp_path)
    assert done.code == 2
    assert "pg_restore is not here" in done.err
    assert str(postgres_home()) not in done.err
