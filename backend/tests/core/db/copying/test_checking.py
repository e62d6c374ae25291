"""What keeps rows from being moved: each kind planted past all constraints, and told without its text."""

from typing import Any

import pytest
from sqlalchemy import Connection

from app.core.db.copying import checking
from app.core.db.copying.checking import Findings, check
from app.core.db.copying.moving import UnfitError, move, rehearse
from app.core.db.copying.reading import snapshot
from app.models import metadata
from tests.conftest import EngineName
from tests.core.db.copying.databases import is_empty
from tests.migrations.running import look, parsed
from tests.models.rows import PRIVATE, add_rows

TASK = "UPDATE tasks SET {} WHERE user_id = 'alice' AND due_on IS NOT NULL"
ENTRY = "UPDATE time_entries SET {} WHERE user_id = 'alice' AND locked"
CODE = "UPDATE time_codes SET {} WHERE user_id = 'alice' AND deleted_at IS NULL"
SETTING = "UPDATE config SET {} WHERE user_id = 'alice' AND key = 'time_zone'"
ANSWER = "UPDATE idempotency_keys SET {} WHERE user_id = 'alice'"
NO_INSTANT, NO_DAY = "is not an instant as the service writes it", "is not a day as the service writes it"
NO_ID = "id is not a UUID as the service writes it"

ON_SQLITE: dict[str, tuple[str, str]] = {
    "a NUL": (TASK.format("title = 'a' || char(0) || 'b'"), "title has a NUL in it"),
    "a lone surrogate": (TASK.format("title = CAST(x'eda080' AS TEXT)"), "title is not UTF-8"),
    "bytes that are no UTF-8": (ANSWER.format("body = CAST(x'ff' AS TEXT)"), "body is not UTF-8"),
    "JSON that is no UTF-8": (TASK.format("tags = CAST(x'5b22ff225d' AS TEXT)"), "tags is not UTF-8"),
    "a blob": (TASK.format("title = x'6162'"), "title is not text"),
    "too long": (TASK.format("title = printf('%.600c', 'x')"), "breaks the rule title_length"),
    "too long by its type": (TASK.format("priority = 'whatever'"), "priority is too long"),
    "an unknown word": (TASK.format("priority = 'lower'"), "breaks the rule priority_known"),
    "no truth": (TASK.format("completed = 2"), "completed is neither true nor false"),
    "a truth that another denies": (TASK.format("completed = 1"), "breaks the rule completed_at_present"),
    "text for a number": (TASK.format("seq = 'seven'"), "seq is not a whole number"),
    "a fraction for a number": (
        TASK.format("estimate_seconds = 0.5"),
        "estimate_seconds is not a whole number",
    ),
    "an int4 too great": (ANSWER.format("status = 3000000000"), "status is too great a number"),
    "out of range": (TASK.format("estimate_seconds = -1"), "breaks the rule estimate_seconds_range"),
    "an id in capitals": (TASK.format("id = upper(id)"), NO_ID),
    "an id without dashes": (TASK.format("id = replace(id, '-', '')"), NO_ID),
    "a zone beside the time": (
        TASK.format("updated_at = '2026-05-01 09:00:00+05:00'"),
        f"updated_at {NO_INSTANT}",
    ),
    "no fraction": (TASK.format("updated_at = '2026-05-01 09:00:00'"), f"updated_at {NO_INSTANT}"),
    "a time with a T": (
        TASK.format("updated_at = '2026-05-01T09:00:00.000000'"),
        f"updated_at {NO_INSTANT}",
    ),
    "no such day": (TASK.format("due_on = '2026-02-30'"), f"due_on {NO_DAY}"),
    "no such hour": (TASK.format("updated_at = '2026-05-01 24:00:00.000000'"), f"updated_at {NO_INSTANT}"),
    "a moment on no such day": (
        TASK.format("updated_at = '2026-02-29 09:00:00.000000'"),
        f"updated_at {NO_INSTANT}",
    ),
    "the end of time": (TASK.format("updated_at = '9999-12-31 00:00:00.000000'"), f"updated_at {NO_INSTANT}"),
    "a moment as a number": (TASK.format("updated_at = 1777626000"), f"updated_at {NO_INSTANT}"),
    "a year with no day": (TASK.format("due_on = 2026"), f"due_on {NO_DAY}"),
    "two dates due": (TASK.format("due_at = updated_at"), "breaks the rule due_once"),
    "bad JSON": (TASK.format("tags = '[\"a\",]'"), "tags is not JSON"),
    "JSON for a setting": (SETTING.format("value = 'Europe/Berlin'"), "value is not JSON"),
    "JSON that is a number to SQLite": (TASK.format("tags = '55'"), "tags is not JSON"),
    "nobody's": (ENTRY.format("task_id = id"), "user_id and task_id name no row of tasks"),
    "another person's": (
        ENTRY.format("task_id = (SELECT id FROM tasks WHERE user_id = 'bob' LIMIT 1)"),
        "user_id and task_id name no row of tasks",
    ),
    "a duration that lasts for days": (
        ENTRY.format("duration_seconds = 86401"),
        "breaks the rule duration_within_day",
    ),
}
PAST: dict[str, tuple[list[str], str, str]] = {
    "the same code twice": (
        ["DROP INDEX uq_time_codes_code_key"],
        "UPDATE time_codes SET code_key = '{private}', deleted_at = NULL WHERE user_id = 'alice'",
        "has the same user_id, code_key as another row",
    ),
    "two running timers": (
        ["DROP INDEX uq_time_entries_running"],
        "UPDATE time_entries SET deleted_at = NULL WHERE duration_seconds IS NULL AND user_id = 'alice'",
        "has the same user_id as another row",
    ),
}
ON_POSTGRES: dict[str, tuple[list[str], str, str]] = {
    "NULL": (
        ["ALTER TABLE tasks ALTER priority DROP NOT NULL"],
        TASK.format("priority = NULL"),
        "priority is NULL",
    ),
    "too long": (
        [
            "ALTER TABLE tasks ALTER title TYPE text",
            "ALTER TABLE tasks DROP CONSTRAINT ck_tasks_title_length",
        ],
        TASK.format("title = repeat('x', 501)"),
        "breaks the rule title_length",
    ),
    "for ever": (
        [],
        TASK.format("updated_at = 'infinity'"),
        "updated_at is not an instant that both engines keep",
    ),
    "Caesar's": (
        [],
        TASK.format("created_at = '0044-03-15 12:00:00+00 BC'"),
        "created_at is not an instant that both engines keep",
    ),
    "nobody's": ([], ENTRY.format("task_id = id"), "user_id and task_id name no row of tasks"),
    "JSON that SQLite takes for a number": (
        [],
        TASK.format("tags = '1e2'"),
        "tags is a lone number, which SQLite may round",
    ),
}


async def wreck(url: str, *statements: str) -> None:
    """Run statements past CHECKs and foreign keys."""
    first = (
        "PRAGMA ignore_check_constraints=ON"
        if url.startswith("sqlite")
        else "SET LOCAL session_replication_role = replica"
    )

    def run(connection: Connection) -> None:
        for statement in (first, *statements):
            connection.exec_driver_sql(statement.replace("{private}", PRIVATE))

    await look(url, run)


async def findings_of(url: str) -> Findings:
    async with snapshot(parsed(url)) as connection:
        return await check(connection, metadata)


def said(findings: Findings) -> list[str]:
    return [reason for _, reasons in findings.shown for reason in reasons]


@pytest.mark.parametrize("what", ON_SQLITE)
async def test_what_only_sqlite_holds_is_found(sqlite_database_url: str, what: str) -> None:
    statement, reason = ON_SQLITE[what]
    await look(sqlite_database_url, add_rows)
    await wreck(sqlite_database_url, statement)
    findings = await findings_of(sqlite_database_url)
    table = statement.split()[1]
    assert reason in said(findings)
    assert findings.reasons[table, reason] == 1
    assert findings.shown[0][0].startswith(f"{table} ")


@pytest.mark.parametrize("what", PAST)
async def test_what_stands_more_than_once_is_found(database_url: str, what: str) -> None:
    drops, statement, reason = PAST[what]
    await look(database_url, add_rows)
    await wreck(database_url, *drops, statement)
    findings = await findings_of(database_url)
    assert (said(findings), findings.count) == ([reason], 1)


@pytest.mark.parametrize("what", ON_POSTGRES)
async def test_what_stands_past_postgres_is_found(postgres_database_url: str, what: str) -> None:
    drops, statement, reason = ON_POSTGRES[what]
    await look(postgres_database_url, add_rows)
    await wreck(postgres_database_url, *drops, statement)
    findings = await findings_of(postgres_database_url)
    assert (said(findings), findings.count) == ([reason], 1)


async def test_few_are_shown_all_are_counted_and_nobodys_text_is_told(
    sqlite_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "SHOWN", 3)
    await look(sqlite_database_url, add_rows)
    await wreck(
        sqlite_database_url,
        f"UPDATE time_entries SET raw_text = '{PRIVATE}' || char(0), raw_text_key = '{PRIVATE}'",
        f"UPDATE idempotency_keys SET fingerprint = '{PRIVATE}', status = '{PRIVATE}'",
        f"UPDATE config SET value = '{PRIVATE}'",
        "UPDATE tasks SET user_id = char(27) || '[2J' || char(10) WHERE user_id = 'bob'",
    )
    findings = await findings_of(sqlite_database_url)
    assert len(findings.shown) == 3
    assert findings.count == 48 + 2 + 8
    assert findings.reasons["time_entries", "raw_text has a NUL in it"] == 48
    assert findings.reasons["time_entries", "user_id and task_id name no row of tasks"] == 2
    assert PRIVATE not in repr(findings)
    assert all(name.isprintable() for name, _ in findings.shown)


async def test_good_rows_have_nothing_wrong_with_them_and_are_counted(database_url: str) -> None:
    await look(database_url, add_rows)
    findings = await findings_of(database_url)
    assert (findings.count, findings.shown) == (0, [])
    assert findings.rows["time_entries"] == 48
    assert findings.rows.keys() == metadata.tables.keys()


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
async def test_the_move_itself_fails_with_the_same_findings(
    sqlite_database_url: str, fresh: dict[EngineName, str], target: EngineName
) -> None:
    source, into = parsed(sqlite_database_url), parsed(fresh[target])
    await look(sqlite_database_url, add_rows)
    for what in ("an id in capitals", "a NUL", "no such day", "bad JSON", "a lone surrogate"):
        await wreck(sqlite_database_url, ON_SQLITE[what][0])
        with pytest.raises(UnfitError) as raised:
            await move(source, into, metadata)
        rehearsed: Any = await rehearse(source, into, metadata)
        assert raised.value.findings == rehearsed
        assert await is_empty(fresh[target])
