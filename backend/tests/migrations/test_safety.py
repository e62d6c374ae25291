"""What a migration must not do: run twice at once, stop half-way, lose rows, or touch what is not ours."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session

from app.core.config import Settings
from app.core.db.connecting import connect
from app.core.db.migrations.revisions import current_revision, revisions
from app.core.db.migrations.transaction import POSTGRES_SETUP, OrphansError, migrating
from app.core.db.migrations.upgrading import upgrade
from app.core.db.postgres import connect_args
from app.core.db.session import open_database
from app.core.db.verify.shape import live_shape
from app.models import metadata
from app.models.task import Task
from tests.migrations.running import (
    alembic_at_once,
    alembic_here,
    alembic_on,
    look,
    to_base,
    to_head,
    write_revision,
)
from tests.migrations.test_schema import shape_of

NOTES = """op.execute('''CREATE TABLE notes (
    id INTEGER PRIMARY KEY, user_id VARCHAR(255), task_id CHAR(36),
    CONSTRAINT fk FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE CASCADE)''')
op.execute("INSERT INTO notes SELECT 1, user_id, id FROM tasks WHERE user_id = 'alice'")"""

# SQLite has no way to add a constraint: batch mode copies the whole table.
REBUILD = """with op.batch_alter_table("tasks") as batch:
    batch.add_column(sa.Column("colour", sa.String(20), nullable=True))
    batch.create_check_constraint(op.f("ck_tasks_colour_given"), "colour <> ''")"""

ADVISORY_LOCK = text(next(line for line in POSTGRES_SETUP if "advisory" in line))

STRANGER = (
    'CREATE TABLE "user" (id VARCHAR(32) PRIMARY KEY, email VARCHAR(200) NOT NULL)',
    'CREATE INDEX user_email ON "user" (email)',
    "INSERT INTO \"user\" VALUES ('1', 'alice@example.com')",
)


def add_tasks(connection: Connection) -> None:
    with Session(connection) as session:
        session.add(Task(user_id="alice", seq=1, title="Water the plants"))
        session.add(Task(user_id="bob", seq=1, title="Café", tags=["a", "é"]))
        session.flush()


def titles(connection: Connection) -> list[str]:
    return list(connection.scalars(select(Task.title).order_by(Task.title)))  # type: ignore[call-overload]


def rows(statement: str) -> Any:
    return lambda connection: [tuple(row) for row in connection.execute(text(statement))]


def execute(*statements: str) -> Any:
    def work(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    return work


async def test_four_upgrades_at_once(empty_database_url: str, tmp_path: Path) -> None:
    ended = alembic_at_once(empty_database_url, "upgrade head", count=4, cwd=tmp_path)
    assert [code for code, _ in ended] == [0, 0, 0, 0], ended
    assert sum("Running upgrade" in words for _, words in ended) == 1
    assert await look(empty_database_url, rows("SELECT version_num FROM alembic_version")) == [
        (revisions().head,)
    ]


async def test_a_failure_half_way_leaves_nothing(empty_database_url: str, tmp_path: Path) -> None:
    """Not of the failed revision, nor of those before it in the same run."""
    write_revision(
        tmp_path, "fails", "op.create_table('half', sa.Column('id', sa.Integer()))", "op.execute('no')"
    )
    with pytest.raises(Exception, match="syntax error"):
        await alembic_here(empty_database_url, to_head, revisions=tmp_path)
    assert await look(empty_database_url, lambda c: inspect(c).get_table_names()) == []
    await alembic_here(empty_database_url, to_head)
    assert set(await shape_of(empty_database_url)) != set()


async def test_a_later_failure_leaves_the_earlier_run(database_url: str, tmp_path: Path) -> None:
    await look(database_url, add_tasks)
    before = await shape_of(database_url)
    write_revision(tmp_path, "first", REBUILD)
    write_revision(tmp_path, "then_fails", "op.execute('no')", after="first")
    with pytest.raises(Exception, match="syntax error"):
        await alembic_here(database_url, to_head, revisions=tmp_path)
    assert await shape_of(database_url) == before
    assert await look(database_url, titles) == ["Café", "Water the plants"]


async def test_a_rebuilt_table_keeps_its_rows_its_indexes_and_its_children(
    database_url: str, tmp_path: Path
) -> None:
    await look(database_url, add_tasks)
    before = await shape_of(database_url)
    types = NOTES if database_url.startswith("sqlite") else NOTES.replace("CHAR(36)", "UUID")
    write_revision(tmp_path, "notes", types)
    write_revision(tmp_path, "rebuild", REBUILD, after="notes")
    await alembic_here(database_url, to_head, revisions=tmp_path)
    assert await look(database_url, titles) == ["Café", "Water the plants"]
    assert await look(database_url, rows("SELECT id, user_id FROM notes")) == [(1, "alice")]
    after = await shape_of(database_url)
    assert {part.name for part in set(after) - set(before)} == {"colour", "ck_tasks_colour_given"}
    assert {part: after[part] for part in before} == before
    (key,) = await look(database_url, lambda c: inspect(c).get_foreign_keys("notes"))
    assert key["referred_table"] == "tasks"


async def test_children_are_kept_where_the_service_enforces_foreign_keys(
    memory_database_url: str, tmp_path: Path
) -> None:
    """Its own connections have them on, and with them on the old table's end would be the children's."""
    database = open_database(Settings(database_url=memory_database_url))
    await upgrade(database.url, database.engine)
    async with database.engine.begin() as connection:
        await connection.run_sync(add_tasks)
    write_revision(tmp_path, "notes", NOTES)
    write_revision(tmp_path, "rebuild", REBUILD, after="notes")
    async with database.engine.connect() as connection:
        await connection.run_sync(alembic_on, to_head, revisions=tmp_path)
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1
        assert await connection.run_sync(rows("SELECT id, user_id FROM notes")) == [(1, "alice")]
    await database.dispose()


async def test_orphans_are_refused_before_the_commit(sqlite_database_url: str, tmp_path: Path) -> None:
    await look(sqlite_database_url, add_tasks)
    write_revision(tmp_path, "notes", NOTES)
    write_revision(tmp_path, "orphans", "op.execute('DELETE FROM tasks')", after="notes")
    with pytest.raises(OrphansError, match="in: notes"):
        await alembic_here(sqlite_database_url, to_head, revisions=tmp_path)
    assert await look(sqlite_database_url, titles) == ["Café", "Water the plants"]


async def test_orphans_that_were_there_before_are_not_our_business(
    empty_sqlite_database_url: str,
) -> None:
    stranger = ("CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p INTEGER REFERENCES p (id))")
    await look(empty_sqlite_database_url, execute(*stranger, "INSERT INTO c VALUES (7)"))
    await alembic_here(empty_sqlite_database_url, to_head)
    assert await look(empty_sqlite_database_url, rows("SELECT p FROM c")) == [(7,)]


async def test_tables_of_others_are_never_touched(empty_database_url: str) -> None:
    await look(empty_database_url, execute(*STRANGER))
    before = await look(empty_database_url, lambda c: live_shape(c, ["user"]))
    await alembic_here(empty_database_url, to_head)
    await alembic_here(empty_database_url, command.check)
    await alembic_here(empty_database_url, to_base)
    assert await look(empty_database_url, lambda c: inspect(c).get_table_names()) == ["user"]
    assert await look(empty_database_url, lambda c: live_shape(c, ["user"])) == before
    assert await look(empty_database_url, rows('SELECT email FROM "user"')) == [("alice@example.com",)]


async def test_a_lock_that_somebody_holds_is_given_up_soon(
    postgres_database_url: str, tmp_path: Path
) -> None:
    """A waiting ALTER would hold up every reader behind it."""
    write_revision(tmp_path, "waits", "op.add_column('tasks', sa.Column('colour', sa.String(20)))")
    before = await shape_of(postgres_database_url)
    database = open_database(Settings(database_url=postgres_database_url))
    async with database.engine.connect() as reader:
        await reader.execute(text("SELECT * FROM tasks"))
        with pytest.raises(Exception, match="lock timeout"):
            await alembic_here(postgres_database_url, to_head, revisions=tmp_path)
    await database.dispose()
    assert await shape_of(postgres_database_url) == before


async def test_the_service_time_outs_do_not_cut_the_wait_for_another_migrator_short(
    postgres_database_url: str,
) -> None:
    """A second's wait is ten times what the connection would have borne, and so is the pause after it."""
    settings = Settings(
        database_url=postgres_database_url, db_command_timeout_seconds=0.5, db_pool_timeout_seconds=0.2
    )
    arguments = {**connect_args(settings.database, settings), "command_timeout": None}
    engine = create_async_engine(settings.database.url, connect_args=arguments)
    async with connect(settings.database) as holder, engine.connect() as connection:
        await holder.execute(ADVISORY_LOCK)
        async with engine.connect() as other:
            with pytest.raises(DBAPIError, match="timeout"):
                await other.execute(ADVISORY_LOCK)
        waiting = asyncio.create_task(connection.run_sync(migrate_slowly))
        await asyncio.sleep(1)
        assert not waiting.done()
        await holder.rollback()
        await asyncio.wait_for(waiting, 5)
    await engine.dispose()


def migrate_slowly(connection: Connection) -> None:
    with migrating(connection) as own:
        time.sleep(0.7)
        own.execute(text("SELECT 1"))


async def test_memory_is_migrated_on_its_one_connection(
    memory_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_database(Settings(database_url=memory_database_url))
    caplog.set_level("INFO", "app.core.db.migrations.revisions")
    await upgrade(database.url, database.engine)
    assert f"Database upgraded to revision {revisions().head}" in caplog.messages
    async with database.engine.connect() as connection:
        assert await current_revision(connection) == revisions().head
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1
        assert set(await connection.run_sync(lambda c: live_shape(c, metadata.tables))) != set()
    await database.dispose()
