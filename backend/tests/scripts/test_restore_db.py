"""`python scripts/restore_db.py`: what was backed up is there again, and what was there before is kept."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

import restore_db
from app.core.db.migrations.revisions import revisions
from tests.migrations.running import alembic_here, look, to_head
from tests.models.rows import add_rows
from tests.postgres import create_database, drop_database
from tests.scripts.backed_up import (
    TOOLS,
    WAYS,
    back_up,
    contents_of,
    epochs_of,
    full_disk,
    manifest_in,
    names_in,
    restore,
    rewritten,
)
from tests.scripts.commands import ran
from tests.service import client_of, running, settings_for

SCARCE = "UPDATE tasks SET description = 'later', description_key = 'later'"
TASKS = "/api/v1/tasks"


@pytest.mark.parametrize("way", WAYS)
async def test_what_was_backed_up_is_there_again_and_what_came_later_is_kept(
    database_url: str, way: str, tmp_path: Path
) -> None:
    await look(database_url, add_rows)
    before = await contents_of(database_url)
    file = await back_up(database_url, tmp_path / "x.zip", *WAYS[way])
    await look(database_url, lambda c: c.execute(text(SCARCE)))
    later = await contents_of(database_url)
    assert later != before
    done = await restore(database_url, file)
    assert done.code == 0, done.out
    assert await contents_of(database_url) == before
    assert done.told["people"] == 2
    kept = Path(done.told["kept"])
    if database_url.startswith("sqlite"):
        assert await contents_of(f"sqlite:///{kept}") == later
        assert names_in(tmp_path) == {"app.db", "x.zip", kept.name}
    else:
        assert (await restore(database_url, kept)).code == 0
        assert await contents_of(database_url) == later


@pytest.mark.parametrize("way", WAYS)
async def test_what_clients_know_is_void_afterwards(database_url: str, way: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, auto_migrate=False)
    async with running(settings) as app, client_of(app, "alice") as alice:
        made = await alice.post(TASKS, json={"title": "Rent"})
        path = made.headers["Location"]
        tags = {path: made.headers["ETag"], TASKS: (await alice.get(TASKS)).headers["ETag"]}
        cursor = (await alice.get("/api/v1/changes")).json()["next"]
    epochs = await epochs_of(database_url)
    file = await back_up(database_url, tmp_path / "x.zip", *WAYS[way])
    assert (await restore(database_url, file)).code == 0
    renewed = await epochs_of(database_url)
    assert renewed.keys() == epochs.keys()
    assert renewed["alice"] != epochs["alice"]
    async with running(settings) as app, client_of(app, "alice") as alice:
        for url, tag in tags.items():
            assert (await alice.get(url, headers={"If-None-Match": tag})).status_code == 200
        assert (await alice.get("/api/v1/changes", params={"since": cursor})).status_code == 410
        stale = await alice.patch(path, json={"title": "x"}, headers={"If-Match": made.headers["ETag"]})
        assert stale.status_code == 412


async def test_a_repeated_request_that_the_backup_knows_is_answered_as_before_and_another_runs(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(database_url, auto_migrate=False)
    known, unknown = ({"Idempotency-Key": f'"{name}"'} for name in ("known", "unknown"))
    async with running(settings) as app, client_of(app, "alice") as alice:
        first = await alice.post(TASKS, json={"title": "Rent"}, headers=known)
        file = await back_up(database_url, tmp_path / "x.zip", "--portable")
        await alice.post(TASKS, json={"title": "Lost"}, headers=unknown)
    assert (await restore(database_url, file)).code == 0
    async with running(settings) as app, client_of(app, "alice") as alice:
        again = await alice.post(TASKS, json={"title": "Rent"}, headers=known)
        assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
        assert (await alice.post(TASKS, json={"title": "Lost"}, headers=unknown)).status_code == 201
        assert len((await alice.get(TASKS)).json()["items"]) == 2


async def test_a_portable_backup_goes_from_one_engine_to_the_other(
    database_url: str, engine_name: str, postgres_server: str, tmp_path: Path
) -> None:
    """Into what is empty, or not there yet."""
    await look(database_url, add_rows)
    file = await back_up(database_url, tmp_path / "x.zip", "--portable")
    other = f"sqlite:///{tmp_path}/new/other.db"
    if engine_name == "sqlite":
        other = await create_database(postgres_server, f"other_{tmp_path.name}")
    done = await restore(other, file)
    assert (done.code, done.told["kept"]) == (0, None)
    assert await contents_of(other) == await contents_of(database_url)
    native = await back_up(database_url, tmp_path / "native.zip", *TOOLS)
    done = await restore(other, native)
    assert done.code == 2
    assert "only a portable backup" in done.told["error"]
    await drop_database(postgres_server, f"other_{tmp_path.name}")


@pytest.mark.parametrize("way", WAYS)
async def test_an_older_revision_is_migrated_when_told_to(
    database_url: str, way: str, tmp_path: Path
) -> None:
    """The revision before idempotency keys, and one before estimates: a table and a column fewer."""
    await look(database_url, add_rows)
    await alembic_here(database_url, lambda settings: command.downgrade(settings, "d6e1728b95c0"))
    file = await back_up(database_url, tmp_path / "x.zip", *WAYS[way])
    assert manifest_in(file).revision == "d6e1728b95c0"
    await alembic_here(database_url, to_head)
    before = await contents_of(database_url)
    await look(database_url, lambda c: c.execute(text(SCARCE)))
    done = await restore(database_url, file)
    assert done.code == 2
    assert "of an older revision" in done.told["error"]
    done = await restore(database_url, file, "--upgrade")
    assert done.code == 0, done.out
    assert done.told["revision"] == revisions().head
    assert await contents_of(database_url) == before


async def test_a_newer_revision_is_always_refused(database_url: str, tmp_path: Path) -> None:
    file = await back_up(database_url, tmp_path / "x.zip", "--portable")
    newer = rewritten(file, lambda manifest: manifest.update(revision="ffff"))
    done = await restore(database_url, newer, "--upgrade")
    assert done.code == 2
    assert "newer code made it" in done.told["error"]


@pytest.mark.parametrize("revision", [None, "ffff"])
async def test_what_newer_code_or_nobody_has_left_is_replaced(
    database_url: str, revision: str | None, tmp_path: Path
) -> None:
    """The way back from a deployment that went wrong, by the code of before."""
    await look(database_url, add_rows)
    before = await contents_of(database_url)
    file = await back_up(database_url, tmp_path / "x.zip", "--portable")

    def lose_track(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE tasks ADD COLUMN colour text"))
        connection.execute(text("DELETE FROM alembic_version"))
        if revision:
            new = text("INSERT INTO alembic_version VALUES (:revision)")
            connection.execute(new, {"revision": revision})

    await look(database_url, lose_track)
    done = await restore(database_url, file)
    assert done.code == 0, done.out
    assert await contents_of(database_url) == before
    assert done.told["made_anew"] == database_url.startswith("postgresql")
    again = await ran(restore_db.main, database_url, file, "--yes", "--discard")
    assert again.code == 0, again.err
    assert "grant again" not in again.out
    columns = await look(database_url, lambda c: c.execute(text("SELECT * FROM tasks LIMIT 0")).keys())
    assert "colour" not in columns


async def test_what_is_no_whole_backup_is_refused_and_nothing_is_touched(
    database_url: str, tmp_path: Path
) -> None:
    await look(database_url, add_rows)
    before = await contents_of(database_url)
    folder = tmp_path / "backups"
    folder.mkdir()
    whole = (await back_up(database_url, folder / "x.zip", *TOOLS)).read_bytes()
    bad = folder / "bad.zip"
    for bytes_, says in [
        (b"", "is empty"),
        (b"no backup at all", "truncated, or no backup"),
        (b"SQLite format 3\0" + bytes(4096), "truncated, or no backup"),
        (whole[:-1], "truncated, or no backup"),
        (whole[: len(whole) // 2], "truncated, or no backup"),
        (whole + b"\n", "truncated, or no backup"),
        *(
            (whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], "altered")
            for at in (0, 99, 5000, -70, -1)
        ),
    ]:
        bad.write_bytes(bytes_)
        done = await restore(database_url, bad)
        assert done.code == 2
        assert says in done.told["error"] or "truncated" in done.told["error"]
    for missing in (folder / "none.zip", folder):
        done = await restore(database_url, missing)
        assert done.code == 2
        assert "can't be read" in done.told["error"]
    assert await contents_of(database_url) == before
    assert names_in(folder) == {"x.zip", "bad.zip"}


async def test_its_operator_has_to_mean_it(database_url: str, tmp_path: Path) -> None:
    file = await back_up(database_url, tmp_path / "x.zip", "--portable")
    epochs = await epochs_of(database_url)
    done = await ran(restore_db.main, database_url, file)
    assert done.code == 2
    assert "give --yes if you mean it" in done.err
    issuer = {"AUTH_ISSUER": "https://issuer.test"}
    done = await restore(database_url, file, ENVIRONMENT="production", **issuer)
    assert done.code == 2
    assert "give --force if you mean it" in done.told["error"]
    assert await epochs_of(database_url) == epochs
    done = await restore(database_url, file, "--force", ENVIRONMENT="production", **issuer)
    assert done.code == 0


async def test_a_full_disk_leaves_the_database_as_it_was(sqlite_database_url: str, tmp_path: Path) -> None:
    await look(sqlite_database_url, add_rows)
    before = await contents_of(sqlite_database_url)
    for way in WAYS:
        file = await back_up(sqlite_database_url, tmp_path / f"{way}.zip", *WAYS[way])
        with full_disk(8192):
            done = await restore(sqlite_database_url, file)
        assert done.code == 1
        assert done.told["error"].endswith(". The database is as it was")
    assert await contents_of(sqlite_database_url) == before
    assert names_in(tmp_path) == {"app.db", *(f"{way}.zip" for way in WAYS)}


async def test_what_is_there_can_be_discarded(database_url: str, tmp_path: Path) -> None:
    file = await back_up(database_url, tmp_path / "x.zip", "--portable")
    done = await restore(database_url, file, "--discard")
    assert (done.code, done.told["kept"]) == (0, None)
    assert names_in(tmp_path) <= {"app.db", "x.zip"}
