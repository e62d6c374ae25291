"""verify: a healthy database passes and stays as it was; each way to be broken is found and named."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.core.db.connecting import UnreachableError
from app.core.db.migrations.revisions import Revisions, revisions
from app.core.db.verify import Check, verify
from app.core.db.verify.checks import RESTORE
from app.core.db.verify.folds import folded_columns
from app.core.db.verify.invariants import invariants
from app.models import metadata
from app.models.task import Task
from tests.core.db.read_only import make_read_only
from tests.migrations.running import alembic_here, look, parsed, to_base
from tests.models.rows import add_rows

CHECKS = [
    *("connection", "revision", "pending migrations"),
    *("tables", "columns", "constraints", "indexes", "idx_user_id"),
    *(f"plan of {table.name}" for table in metadata.sorted_tables),
    *(invariant.name for invariant in invariants(metadata)),
    *(f"rows of {table.name}" for table in metadata.sorted_tables),
    *(f"folded keys of {table.name}" for table in metadata.sorted_tables if folded_columns(table)),
    *("sample task", "task without user_id"),
]
COUNTS = "SELECT (SELECT count(*) FROM tasks), (SELECT count(*) FROM change_heads)"


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def checks_of(url: str) -> list[Check]:
    return await verify(parsed(url), metadata, Task)


async def broken(url: str) -> dict[str, Check]:
    return {check.name: check for check in await checks_of(url) if not check.ok}


async def change(url: str, *statements: str) -> None:
    await look(url, lambda connection: [connection.exec_driver_sql(line) for line in statements])


async def rewrite(url: str, old: str, new: str) -> None:
    """Change the definition of `tasks` on SQLite, which has no ALTER for it."""
    await change(
        url,
        "PRAGMA writable_schema=ON",
        f"UPDATE sqlite_schema SET sql = replace(sql, '{old}', '{new}') WHERE name = 'tasks'",
        "PRAGMA writable_schema=RESET",
    )


async def test_a_healthy_database_passes(database_url: str) -> None:
    checks = await checks_of(database_url)
    names = [check.name for check in checks]
    if database_url.startswith("sqlite"):
        assert names.pop(1) == "integrity"
        assert names.pop(-3) == "foreign keys"
    else:
        assert names.pop(8) == "enforced"
    assert names == CHECKS
    assert [str(check) for check in checks if not check.ok] == []
    assert all(str(check).startswith(f"ok {check.name}: ") for check in checks)


async def test_it_passes_beside_other_programs_tables_and_rows(database_url: str) -> None:
    await look(database_url, add_rows)
    await change(database_url, 'CREATE TABLE "user" (id INTEGER)', "CREATE TABLE session (id INTEGER)")
    assert await broken(database_url) == {}


async def test_it_leaves_no_trace_on_sqlite(sqlite_database_url: str, tmp_path: Path) -> None:
    await look(sqlite_database_url, add_rows)
    file = tmp_path / "app.db"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    await checks_of(sqlite_database_url)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert files_in(tmp_path) == [file]


async def test_it_leaves_no_trace_on_postgres(postgres_database_url: str) -> None:
    await look(postgres_database_url, add_rows)
    everything = "SELECT relname, relkind FROM pg_class UNION ALL SELECT nspname, 'n' FROM pg_namespace"

    async def seen() -> Any:
        rows = text(f"{everything} ORDER BY 1, 2")
        counts = await look(postgres_database_url, lambda c: c.execute(text(COUNTS)).one())
        return counts, await look(postgres_database_url, lambda c: c.execute(rows).all())

    before = await seen()
    await checks_of(postgres_database_url)
    assert await seen() == before


async def test_a_dropped_index(database_url: str) -> None:
    await change(database_url, "DROP INDEX idx_user_id")
    found = await broken(database_url)
    assert set(found) == {"indexes", "idx_user_id"}
    assert found["indexes"].what == "index tasks.idx_user_id is missing"
    assert "upgrade head" in str(found["idx_user_id"])


async def test_an_index_on_something_else(database_url: str) -> None:
    await change(database_url, "DROP INDEX idx_user_id", "CREATE INDEX idx_user_id ON tasks (seq, user_id)")
    found = await broken(database_url)
    assert set(found) == {"indexes", "idx_user_id"}
    assert "(seq, user_id), the models say (user_id, seq)" in found["indexes"].what


async def test_a_partial_index_over_other_rows(database_url: str) -> None:
    await change(
        database_url,
        "DROP INDEX ix_tasks_trashed",
        "CREATE INDEX ix_tasks_trashed ON tasks (user_id, id) WHERE deleted_at IS NULL",
    )
    assert set(await broken(database_url)) == {"indexes"}


@pytest.mark.parametrize("table", ["time_codes", "work_types"])
async def test_codes_that_are_not_unique_any_more(database_url: str, table: str) -> None:
    index = f"uq_{table}_code_key"
    await change(database_url, f"DROP INDEX {index}")
    assert (await broken(database_url))["indexes"].what == f"index {table}.{index} is missing"
    # Without its WHERE it would count the trash, too.
    await change(database_url, f"CREATE UNIQUE INDEX {index} ON {table} (user_id, code_key)")
    found = await broken(database_url)
    assert found.keys() == {"indexes"}
    assert "the models say UNIQUE (user_id, code_key) WHERE" in found["indexes"].what


async def test_a_missing_column(database_url: str) -> None:
    constraint = "ALTER TABLE tasks DROP CONSTRAINT ck_tasks_tags_length"
    if database_url.startswith("sqlite"):
        check = "CONSTRAINT ck_tasks_tags_length CHECK (length(CAST(tags AS TEXT)) BETWEEN 2 AND 12386)"
        await rewrite(database_url, check, "CHECK (1)")
    else:
        await change(database_url, constraint)
    await change(database_url, "ALTER TABLE tasks DROP COLUMN tags")
    found = await broken(database_url)
    assert set(found) == {"columns", "constraints", "sample", "rows of tasks"}
    assert found["columns"].what == "column tasks.tags is missing"
    assert "tags" in found["sample"].what


async def test_a_column_too_many(database_url: str) -> None:
    await change(database_url, "ALTER TABLE tasks ADD COLUMN colour VARCHAR(20)")
    found = await broken(database_url)
    assert found.keys() == {"columns"}
    assert found["columns"].what == "column tasks.colour is not in the models"


async def test_a_wrong_type_and_a_lost_not_null(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        await rewrite(database_url, "title VARCHAR(500) NOT NULL", "title VARCHAR(400)")
    else:
        await change(
            database_url, "ALTER TABLE tasks ALTER title TYPE VARCHAR(400), ALTER title DROP NOT NULL"
        )
    found = await broken(database_url)
    assert found.keys() == {"columns"}
    assert "title is VARCHAR(400) NULL, the models say VARCHAR(500) NOT NULL" in found["columns"].what


async def test_an_altered_check(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        await rewrite(database_url, "length(title) BETWEEN 1 AND 500", "length(title) BETWEEN 1 AND 9999")
    else:
        await change(
            database_url,
            "ALTER TABLE tasks DROP CONSTRAINT ck_tasks_title_length",
            "ALTER TABLE tasks ADD CONSTRAINT ck_tasks_title_length CHECK (length(title) BETWEEN 1 AND 9999)",
        )
    found = await broken(database_url)
    assert found.keys() == {"constraints"}
    assert "9999" in found["constraints"].what


async def test_a_key_that_does_not_start_with_the_owner(database_url: str) -> None:
    """Then only the feed's index finds one person's rows; without it, nothing does."""
    if database_url.startswith("sqlite"):
        await change(database_url, "CREATE TABLE bare AS SELECT * FROM tasks", "DROP TABLE tasks")
        await change(database_url, "ALTER TABLE bare RENAME TO tasks")
    else:
        await change(
            database_url, "ALTER TABLE tasks DROP CONSTRAINT pk_tasks CASCADE, ALTER user_id DROP NOT NULL"
        )
        await change(database_url, "DROP INDEX idx_user_id")
    found = await broken(database_url)
    assert {"constraints", "plan of tasks", "task without user_id"} <= found.keys()
    assert found["task without user_id"].what == "the database takes it"


async def test_a_revision_ahead(database_url: str) -> None:
    await change(database_url, "UPDATE alembic_version SET version_num = 'abc'")
    found = await broken(database_url)
    assert found.keys() == {"revision"}
    assert "is ahead, at abc" in found["revision"].what
    assert "upgrade head" not in str(found["revision"])


async def test_a_revision_behind(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = Revisions("newer", frozenset({"newer", revisions().head or ""}))
    monkeypatch.setattr("app.core.db.verify.checks.revisions", lambda: newer)
    found = await broken(database_url)
    assert found.keys() == {"revision"}
    assert f"is behind, at {revisions().head}; the head is newer" in found["revision"].what
    assert "upgrade head" in str(found["revision"])


async def test_a_damaged_file(sqlite_database_url: str, tmp_path: Path) -> None:
    await look(sqlite_database_url, add_rows)
    damage(tmp_path / "app.db", "tasks")
    found = await broken(sqlite_database_url)
    assert found.keys() >= {"integrity", "sample"}
    assert {check.mend for check in (found["integrity"], found["sample"])} == {RESTORE}


def damage(file: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(file)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    with file.open("r+b") as pages:
        pages.seek((page - 1) * size)
        pages.write(b"\xff" * size)


async def test_a_read_only_database_is_not_called_broken(database_url: str) -> None:
    await make_read_only(database_url)
    with pytest.raises(UnreachableError, match="takes no writes"):
        await checks_of(database_url)


async def test_never_migrated(database_url: str) -> None:
    await alembic_here(database_url, to_base)
    found = await broken(database_url)
    assert "never migrated" in found["revision"].what
    assert set(CHECKS[1:-2]) - {"pending migrations"} <= found.keys()
    assert all(check.mend for check in found.values())


async def test_a_busy_file_is_not_called_broken(
    sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.db.verify.checks.LOCK_SECONDS", 0)
    with closing(sqlite3.connect(tmp_path / "app.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnreachableError, match="database is locked"):
            await checks_of(sqlite_database_url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://bob:hunter2@127.0.0.1:1/daybook", "can't be reached"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
async def test_nothing_can_be_said(url: str, said: str) -> None:
    with pytest.raises(UnreachableError, match=said) as error:
        await checks_of(url)
    assert "hunter2" not in str(error.value)


async def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="does not exist"):
        await checks_of(f"sqlite:///{tmp_path / 'sub' / 'app.db'}")
    assert files_in(tmp_path) == []


async def test_a_trigger_on_our_tables_is_found(database_url: str) -> None:
    writes = "UPDATE tasks SET title = 'theirs'; END"
    await change(
        database_url,
        *(
            [f"CREATE TRIGGER theirs AFTER INSERT ON tasks BEGIN {writes}"]
            if database_url.startswith("sqlite")
            else [
                f"CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {writes}$$",
                "CREATE TRIGGER theirs AFTER INSERT ON tasks EXECUTE FUNCTION theirs()",
            ]
        ),
    )
    assert "theirs" in (await broken(database_url))["triggers"].what
