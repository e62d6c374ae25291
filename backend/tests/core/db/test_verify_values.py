"""verify: what holds of each row by itself, each rule broken on purpose, past what the database asks for."""

import pytest
from sqlalchemy import Connection

from app.core.db.verify import Check
from app.core.db.verify.folds import fold_checks, folded_columns
from app.core.db.verify.row_checks import all_rules_of, row_checks
from app.models import metadata
from tests.core.db.test_verify import broken
from tests.core.db.test_verify_rows import SHAPE, wreck
from tests.migrations.running import look
from tests.models.rows import add_rows

HERS = "user_id = 'alice'"
LATER = "'2026-05-01 09:00:00.000000'"

BREAKS: dict[str, tuple[str, set[str]]] = {
    "an id of version 4": (
        f"UPDATE tasks SET id = '019b7600-0000-4000-8000-000000000001' WHERE title = 'Café' AND {HERS}",
        {"tasks.id_version", "tasks.id_moment"},
    ),
    "an id of another variant": (
        f"UPDATE tasks SET id = '019b7600-0000-7000-c000-000000000001' WHERE title = 'Café' AND {HERS}",
        {"tasks.id_version", "tasks.id_moment"},
    ),
    "a creation that is not the id's moment": (
        f"UPDATE time_codes SET created_at = {LATER} WHERE {HERS}",
        {"time_codes.id_moment"},
    ),
    "tags that are an object": (
        f"UPDATE tasks SET tags = '{{\"a\": 1}}' WHERE {HERS}",
        {"tasks.tags_texts"},
    ),
    "a tag that is a number": (
        f"UPDATE time_entries SET tags = '[\"a\", 1]' WHERE {HERS}",
        {"time_entries.tags_texts"},
    ),
    "a keyword that is null": (
        "UPDATE time_codes SET keywords = '[null]' WHERE user_id = 'bob'",
        {"time_codes.keywords_texts"},
    ),
    "a person whom no token can name": (
        "UPDATE idempotency_keys SET user_id = 'al ice' WHERE user_id = 'bob'",
        {"idempotency_keys.user_id_subject"},
    ),
    "a key in capitals": (
        f"UPDATE tasks SET title_key = title WHERE title = 'Rent' AND {HERS}",
        {"folded keys of tasks"},
    ),
    "a key that only the app can tell is unfolded": (
        "UPDATE tasks SET title = 'É', title_key = 'É' WHERE title = 'Café'",
        {"folded keys of tasks"},
    ),
    "a key of what was written since": (
        "UPDATE time_codes SET name = 'Straße' WHERE name = 'Acme'",
        {"folded keys of time_codes"},
    ),
    "a key of an optional text": (
        f"UPDATE time_entries SET raw_text_key = 'x' WHERE raw_text_key IS NOT NULL AND {HERS}",
        {"folded keys of time_entries"},
    ),
}
SQLITE_BREAKS: dict[str, tuple[str, set[str]]] = {
    "a Z": ("UPDATE tasks SET updated_at = '2026-05-01T09:00:00Z'", {"tasks.updated_at"}),
    "no fraction": ("UPDATE config SET updated_at = '2026-05-01 09:00:00'", {"config.updated_at"}),
    "an offset": (
        "UPDATE work_types SET updated_at = '2026-05-01 09:00:00.000000+02:00'",
        {"work_types.updated_at"},
    ),
    "a day that there is not": (
        "UPDATE tasks SET deleted_at = '2026-02-30 09:00:00.000000' WHERE deleted_at IS NOT NULL",
        {"tasks.deleted_at"},
    ),
    "seconds since 1970": (
        "UPDATE idempotency_keys SET created_at = 1777626000",
        {"idempotency_keys.created_at"},
    ),
    "a day in short": ("UPDATE tasks SET due_on = '2026-5-1' WHERE title = 'Rent'", {"tasks.due_on"}),
    "bytes for a text": ("UPDATE work_types SET description = x'00'", {"work_types.description"}),
    "a third truth": ("UPDATE time_codes SET active = 2", {"time_codes.active"}),
    "an id in capitals": (
        f"UPDATE tasks SET id = upper(id) WHERE title = 'Rent' AND {HERS}",
        {"tasks.id", "tasks.id_version", "tasks.id_moment"},
    ),
    "no JSON": ("UPDATE tasks SET tags = '[,]'", {"tasks.tags", "tasks.tags_texts"}),
    "a NUL, which Postgres would refuse": (
        "UPDATE config SET user_id = user_id || char(0) WHERE key = 'app.nothing'",
        {"config.user_id"},
    ),
    "a text without a CHECK that is too long": (
        "UPDATE tasks SET priority = 'whatever' WHERE title = 'Rent'",
        {"tasks.priority", "tasks.priority_known"},
    ),
    "an answer of a status that no int4 holds": (
        "UPDATE idempotency_keys SET status = 3000000000",
        {"idempotency_keys.status", "idempotency_keys.status_range"},
    ),
    "the end of time": (
        "UPDATE config SET updated_at = '9999-12-31 00:00:00.000000'",
        {"config.updated_at"},
    ),
    "a title that is too long": (
        "UPDATE tasks SET title = printf('%.600c', 'x'), title_key = 'x' WHERE title = 'Rent'",
        {"tasks.title_length", "folded keys of tasks"},
    ),
    "a head that is behind its purges": (
        "UPDATE change_heads SET purged_seq = seq + 1",
        {"change_heads.purged_seq_range"},
    ),
}


async def faults(url: str) -> dict[str, Check]:
    """What is found in the rows."""

    def checks(connection: Connection) -> list[Check]:
        found = [check for table in metadata.sorted_tables for check in row_checks(table, connection)]
        folding = (table for table in metadata.sorted_tables if folded_columns(table))
        return found + [check for table in folding for check in fold_checks(table, connection)]

    return {check.name: check for check in await look(url, checks) if not check.ok}


@pytest.fixture
async def rows(database_url: str) -> str:
    """A database with rows of every kind."""
    await look(database_url, add_rows)
    return database_url


@pytest.mark.parametrize("what", BREAKS)
async def test_a_broken_value_is_named(rows: str, what: str) -> None:
    statement, names = BREAKS[what]
    await wreck(rows, [], statement)
    found = await faults(rows)
    assert found.keys() == names
    for check in found.values():
        assert check.mend
        assert check.what.split()[0].isdigit()


@pytest.mark.parametrize("what", SQLITE_BREAKS)
async def test_what_sqlite_keeps_and_postgres_refuses(sqlite_database_url: str, what: str) -> None:
    statement, names = SQLITE_BREAKS[what]
    await look(sqlite_database_url, add_rows)
    await wreck(sqlite_database_url, [], statement)
    assert (await faults(sqlite_database_url)).keys() == names


async def test_instants_without_an_end(postgres_database_url: str) -> None:
    await look(postgres_database_url, add_rows)
    await wreck(postgres_database_url, [], "UPDATE config SET updated_at = 'infinity'")
    assert (await faults(postgres_database_url)).keys() == {"config.updated_at"}


async def test_a_constraint_that_old_rows_were_never_held_against(postgres_database_url: str) -> None:
    rule = "ck_tasks_estimate_seconds_range"
    again = (
        f"ALTER TABLE tasks ADD CONSTRAINT {rule} CHECK (estimate_seconds BETWEEN 0 AND 360000000) NOT VALID"
    )

    def change(connection: Connection) -> None:
        add_rows(connection)
        connection.exec_driver_sql(f"ALTER TABLE tasks DROP CONSTRAINT {rule}")
        connection.exec_driver_sql("UPDATE tasks SET estimate_seconds = -1 WHERE title = 'Rent'")
        connection.exec_driver_sql(again)

    await look(postgres_database_url, change)
    found = await broken(postgres_database_url)
    assert found.keys() - SHAPE == {"enforced", "tasks.estimate_seconds_range"}
    assert found["enforced"].what.endswith(f"tasks.{rule}")
    assert "VALIDATE CONSTRAINT" in str(found["enforced"])


@pytest.mark.parametrize(
    ("statement", "said", "mend"),
    [
        (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_user_id'::regclass",
            "1 indexes are invalid: half made: tasks.idx_user_id",
            "REINDEX",
        ),
        (
            "ALTER TABLE time_entries DISABLE TRIGGER ALL",
            "1 tables have their foreign keys switched off: time_entries",
            "ENABLE TRIGGER",
        ),
    ],
)
async def test_what_is_there_and_does_not_count(
    postgres_database_url: str, statement: str, said: str, mend: str
) -> None:
    await look(postgres_database_url, lambda connection: connection.exec_driver_sql(statement))
    found = (await broken(postgres_database_url))["enforced"]
    assert found.what == said
    assert mend in str(found)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_every_check_of_the_models_is_held_against_the_rows(dialect: str) -> None:
    for table in metadata.sorted_tables:
        checks = {str(each.name) for each in table.constraints if str(each.name).startswith("ck_")}
        assert checks <= {f"ck_{table.name}_{rule.name}" for rule, _ in all_rules_of(table, dialect)}
