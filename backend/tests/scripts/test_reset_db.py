"""`python scripts/reset_db.py`: our tables go and come back empty, all at once, and nobody else's."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect

import reset_db
from app.core.db.connecting import connect
from app.core.db.migrations.revisions import revisions
from app.core.db.url import parse_database_url
from app.models import metadata
from tests.migrations.running import look
from tests.migrations.test_schema import counts, shape_of
from tests.models.rows import add_rows
from tests.scripts.commands import PRODUCTION, midway, ran

STRANGER = ('CREATE TABLE "user" (id INTEGER PRIMARY KEY)', 'INSERT INTO "user" VALUES (7)')


async def has_rows(url: str) -> dict[str, int]:
    """As many of each kind as there are."""
    await look(url, add_rows)
    found: dict[str, int] = await look(url, counts)
    return found


def execute(*statements: str) -> Any:
    def work(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    return work


async def test_our_rows_go_the_tables_come_back_and_others_stay(database_url: str) -> None:
    held = await has_rows(database_url)
    await look(database_url, execute(*STRANGER))
    shape = await shape_of(database_url)
    done = await ran(reset_db.main, database_url, "--yes")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"dropped {len(held)} tables, {sum(held.values())} rows",
        f"made anew at revision {revisions().head}",
    ]
    assert await look(database_url, counts) == dict.fromkeys(held, 0)
    assert await shape_of(database_url) == shape
    assert await look(database_url, lambda c: c.exec_driver_sql('SELECT id FROM "user"').scalar()) == 7
    told = (await ran(reset_db.main, database_url, "--yes", "--json")).told
    assert told["dropped"] == dict.fromkeys(held, 0)


async def test_it_asks_and_says_how_many_rows_of_what_would_go(
    database_url: str, at_keyboard: list[str]
) -> None:
    held = await has_rows(database_url)
    at_keyboard += ["no", "yes"]
    done = await ran(reset_db.main, database_url)
    asked, _, refused = done.err.partition("Write yes to go on: ")
    assert (done.code, refused) == (2, "could not run: Left as it was.\n")
    assert await look(database_url, counts) == held
    assert all(f"{count} of {name}" in asked for name, count in held.items())
    assert (await ran(reset_db.main, database_url)).code == 0


async def test_nobody_there_to_ask_or_not_for_development_it_is_left(database_url: str) -> None:
    held = await has_rows(database_url)
    done = await ran(reset_db.main, database_url)
    assert "give --yes" in done.err
    done = await ran(reset_db.main, database_url, "--yes", **PRODUCTION)
    assert "ENVIRONMENT is production: give --force" in done.err
    assert done.code == 2
    assert await look(database_url, counts) == held
    done = await ran(reset_db.main, database_url, "--yes", "--force", **PRODUCTION)
    assert done.code == 0


async def test_who_may_have_it_open_is_told(
    sqlite_database_url: str, postgres_database_url: str, tmp_path: Path
) -> None:
    assert "stop that first" not in (await ran(reset_db.main, sqlite_database_url)).err
    (tmp_path / "app.db-wal").touch()
    beside = (await ran(reset_db.main, sqlite_database_url)).err
    assert "A log lies beside the file: if a service has it open, stop that first." in beside
    assert "stop that first" not in (await ran(reset_db.main, postgres_database_url)).err
    async with connect(parse_database_url(postgres_database_url, root=tmp_path)):
        connected = (await ran(reset_db.main, postgres_database_url)).err
        unasked = (await ran(reset_db.main, postgres_database_url, "--yes")).err
    assert "1 other connections are open" in connected
    assert unasked.startswith("1 other connections are open")


async def test_what_others_hang_on_our_tables_keeps_them(postgres_database_url: str) -> None:
    held = await has_rows(postgres_database_url)
    await look(postgres_database_url, execute("CREATE VIEW open_tasks AS SELECT * FROM tasks"))
    done = await ran(reset_db.main, postgres_database_url, "--yes")
    [line] = done.err.splitlines()
    assert done.code == 1
    assert line.startswith("failed: The tables can't be dropped, and all is as it was: cannot drop table")
    assert await look(postgres_database_url, counts) == held


async def test_a_database_that_is_not_there_or_empty(empty_database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    done = await ran(reset_db.main, f"sqlite:///{file}", "--yes")
    assert (done.code, file.exists()) == (2, False)
    await look(empty_database_url, lambda _: None)
    assert (await ran(reset_db.main, empty_database_url, "--yes")).code == 0
    assert set(await look(empty_database_url, lambda c: inspect(c).get_table_names())) > set(metadata.tables)


async def test_revisions_of_newer_code_or_of_another_program_are_left(database_url: str) -> None:
    await look(database_url, execute("UPDATE alembic_version SET version_num = 'theirs'"))
    done = await ran(reset_db.main, database_url, "--yes")
    assert (done.code, "at theirs, which this code does not know" in done.err) == (2, True)
    assert (await ran(reset_db.main, database_url, "--yes", "--force")).code == 0


async def test_killed_in_the_midst_of_it_every_row_is_there(database_url: str, tmp_path: Path) -> None:
    held = await has_rows(database_url)
    shape = await shape_of(database_url)
    with midway(database_url, "reset_db", "--yes", cwd=tmp_path):
        pass
    assert await look(database_url, counts) == held
    assert await shape_of(database_url) == shape
    assert (await ran(reset_db.main, database_url, "--yes")).code == 0
