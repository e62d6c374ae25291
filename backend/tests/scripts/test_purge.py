"""`python scripts/purge.py`, called as an operator calls it."""

from pathlib import Path

from sqlalchemy import Connection

import purge
from tests.migrations.running import look
from tests.scripts.commands import Ran, ran, ran_meanwhile

OLD = "'2026-01-01 00:00:00.000000'"
TASK = (
    "INSERT INTO tasks (user_id, id, created_at, updated_at, seq, deleted_at, title, title_key, completed,"
    f" priority, tags) VALUES ('alice', '019b7600-0000-7000-8000-000000000001', {OLD}, {OLD}, 1, {OLD},"
    " 'old', 'old', false, 'none', '[]')"
)
HEAD = "INSERT INTO change_heads (user_id, epoch, seq, purged_seq) VALUES ('alice', '0123456789ab', 1, 0)"


LOCK = "UPDATE change_heads SET seq = seq"
SHORT = {"DB_COMMAND_TIMEOUT_SECONDS": "0.4", "DB_POOL_TIMEOUT_SECONDS": "0.4"}


async def test_it_says_what_it_removed_and_the_second_time_there_is_nothing(database_url: str) -> None:
    await look(database_url, lambda c: [c.exec_driver_sql(statement) for statement in (HEAD, TASK)])
    done = await ran(purge.main, database_url, "--days", "36500")
    assert (done.code, done.out, done.err) == (0, "nothing to remove\n", "")
    done = await ran(purge.main, database_url)
    assert (done.code, done.out, done.err) == (0, "tasks: 1 removed\n", "")
    done = await ran(purge.main, database_url, "--json")
    assert done.told == {"ok": True, "error": None, "people": 0, "rows": {}}


async def test_who_holds_their_turn_is_left_and_told_of(database_url: str) -> None:
    await look(database_url, lambda c: [c.exec_driver_sql(statement) for statement in (HEAD, TASK)])
    assert (await ran(purge.main, database_url, "--days", 36500)).code == 0

    def while_locked(connection: Connection) -> Ran:
        connection.exec_driver_sql(LOCK)
        return ran_meanwhile(purge.main, database_url, "--json", **SHORT)

    done = await look(database_url, while_locked)
    assert done.code == 1
    error = "1 busy with writes of their own; run it again"
    assert done.told == {"ok": False, "error": error, "people": 0, "rows": {}}
    assert (await ran(purge.main, database_url)).out == "tasks: 1 removed\n"


async def test_a_database_that_is_not_migrated_or_not_there_is_told_in_a_line(
    empty_database_url: str,
) -> None:
    done = await ran(purge.main, empty_database_url)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("could not purge: ")
    said = "does not exist" if empty_database_url.startswith("sqlite") else "was never migrated"
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    done = await ran(purge.main, "postgresql://alice@127.0.0.1:1/nowhere", "--json")
    assert (done.code, done.told["ok"]) == (2, False)


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "alice.db"
    done = await ran(purge.main, f"sqlite:///{file}")
    assert (done.code, done.out) == (2, "")
    assert "does not exist" in done.err
    assert not file.exists()


async def test_days_are_a_number() -> None:
    done = await ran(purge.main, "sqlite:///x.db", "--days", "-1")
    assert done.code == 2
    assert "argument --days: expected 0 to 36500" in done.err


async def test_of_other_code(database_url: str) -> None:
    """Older code purges what it knows; of an older schema nothing."""
    change = "UPDATE alembic_version SET version_num = '{}'"
    await look(database_url, lambda c: c.exec_driver_sql(change.format("0123456789ab")))
    assert (await ran(purge.main, database_url)).code == 0
    await look(database_url, lambda c: c.exec_driver_sql(change.format("7b48c9f2013e")))
    done = await ran(purge.main, database_url)
    assert (done.code, "make migrate" in done.err) == (2, True)
