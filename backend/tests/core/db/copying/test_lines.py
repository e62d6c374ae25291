"""The canonical form: the same bytes from both engines, read in bounded pieces, and read back."""

from typing import Any

import pytest
from sqlalchemy import Column, LargeBinary, Table

from app.core.db.copying import reading, sizes
from app.core.db.copying.lines import Batch, Digest, RowError, Rows, batch_of, rows_of
from app.core.db.copying.loading import load_rows, loading
from app.core.db.copying.reading import read_ahead, read_rows, snapshot
from app.core.db.copying.sizes import rows_at_once
from app.core.db.rules.kinds import KINDS, kind_of
from app.models import metadata
from app.models.base import table_of
from app.models.config import Config
from app.models.idempotency_key import IdempotencyKey
from app.models.task import Task
from tests.core.db.copying.databases import stored, wal
from tests.migrations.running import look, parsed
from tests.models.rows import add_rows

TASKS, CONFIG = table_of(Task), table_of(Config)
NINE = "2026-05-01T09:00:00.000000Z"
LINE = (
    '["019b7600-0000-7000-8000-000000000001","2026-05-01T09:00:00.000000Z","9998-12-31T23:59:59.999999Z",'
    '"alice",9223372036854775807,null,"Tag\\t\\"é\\"\\u0001😀","tag\\t\\"é\\"\\u0001😀",null,null,true,'
    '"2026-05-01T09:00:00.000000Z","none","2026-12-24",null,"[\\"é\\",\\"\\\\n\\"]",null]\n'
)


async def put(url: str, table: Table, rows: Rows) -> None:
    async with loading(parsed(url), metadata) as connection:
        await load_rows(connection, table, rows)


async def batches_of(url: str, table: Table) -> list[Batch]:
    async with snapshot(parsed(url)) as connection:
        return [batch async for batch in read_ahead(connection, table)]


def joined(batches: list[Batch]) -> bytes:
    return b"".join(batch.lines for batch in batches)


async def test_a_row_is_this_line_on_both_engines(database_url: str) -> None:
    await put(database_url, TASKS, rows_of(TASKS, LINE.encode()))
    [batch] = await batches_of(database_url, TASKS)
    assert batch.lines.decode() == LINE
    assert rows_of(TASKS, batch.lines) == batch.rows


async def test_sqlite_stores_it_as_the_service_does(sqlite_database_url: str) -> None:
    await put(sqlite_database_url, TASKS, rows_of(TASKS, LINE.encode()))
    [row] = (await look(sqlite_database_url, stored))["tasks"]
    assert [row[index] for index in (1, 2, 10)] == [
        "2026-05-01 09:00:00.000000",
        "9998-12-31 23:59:59.999999",
        1,
    ]


async def test_the_text_of_json_is_kept_to_the_letter(database_url: str) -> None:
    values = [
        "1e2",
        "1E400",
        "-0",
        "123456789012345678901234567890",
        '{"b": 1,  "a":[ ]}',
        '"\\u0000\\ud800"',
    ]
    rows: Rows = [("alice", f"app.{index}", value, 1, NINE, None) for index, value in enumerate(values)]
    await put(database_url, CONFIG, rows)
    [batch] = await batches_of(database_url, CONFIG)
    assert batch == batch_of(rows)


async def test_rows_come_by_code_point_of_their_key_whatever_the_locale(database_url: str) -> None:
    users = ["Bob", "Zoe", "alice", "bob", "~"]
    await put(database_url, CONFIG, [(user, "app.a", "1", 1, NINE, None) for user in reversed(users)])
    [batch] = await batches_of(database_url, CONFIG)
    assert [row[0] for row in batch.rows] == users


async def test_a_batch_is_bounded_in_rows_and_in_bytes(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await look(database_url, add_rows)
    entries = metadata.tables["time_entries"]
    [whole] = await batches_of(database_url, entries)
    monkeypatch.setattr(sizes, "FETCH_ROWS", 3)
    monkeypatch.setattr(reading, "BATCH_ROWS", 7)
    few = await batches_of(database_url, entries)
    assert {len(batch.rows) for batch in few[:-1]} == {9}
    monkeypatch.setattr(reading, "BATCH_BYTES", 1)
    fewer = await batches_of(database_url, entries)
    assert {len(batch.rows) for batch in fewer[:-1]} == {3}
    assert joined(few) == joined(fewer) == whole.lines
    assert [row for batch in few for row in batch.rows] == whole.rows


def test_of_rows_that_may_be_long_few_are_fetched_at_once() -> None:
    found = {table.name: rows_at_once(table) for table in metadata.sorted_tables}
    assert found["idempotency_keys"] < 8
    assert found["tasks"] < found["time_entries"] < found["change_heads"] == sizes.FETCH_ROWS
    copy = IdempotencyKey.__table__.to_metadata(type(metadata)())  # type: ignore[attr-defined] # SQLModel's
    copy.constraints.clear()
    assert rows_at_once(copy) * sizes.UNKNOWN * sizes.UTF8 <= sizes.FETCH_BYTES


async def test_who_stops_listening_leaves_nothing_behind(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await look(database_url, add_rows)
    monkeypatch.setattr(sizes, "FETCH_ROWS", 1)
    monkeypatch.setattr(reading, "BATCH_ROWS", 1)
    async with snapshot(parsed(database_url)) as connection:
        for read in (read_rows, read_ahead):
            batches = read(connection, TASKS)
            await anext(batches)
            await batches.aclose()
        everything = [batch async for batch in read_rows(connection, TASKS)]
    assert len(everything) == 6


async def test_a_snapshot_stays_as_it_was(database_url: str) -> None:
    await look(wal(database_url), add_rows)
    async with snapshot(parsed(database_url)) as connection:
        await look(database_url, lambda c: c.exec_driver_sql("DELETE FROM idempotency_keys"))
        found = [batch async for batch in read_rows(connection, table_of(IdempotencyKey))]
    assert sum(len(batch.rows) for batch in found) == 2


def test_digests_are_of_the_lines_however_they_were_cut() -> None:
    rows: list[Any] = [("alice", index) for index in range(5)]
    one, many = Digest(), Digest()
    one.add(batch_of(rows))
    for row in rows:
        many.add(batch_of([row]))
    assert (one.rows, one.hex) == (many.rows, many.hex) == (5, one.hex)
    assert Digest().hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_lines_that_are_no_rows_of_their_table() -> None:
    good = LINE.encode()
    for lines in (
        *(b"[]\n", b'{"a":1}\n', b"\xff\n", good[:-9], b"[" * 5000, good.replace(b"true", b"1")),
        good.replace(b'"none"', b"null"),
        good.replace(b"9223372036854775807", b"1.5"),
    ):
        with pytest.raises(RowError, match=r"not rows of tasks: (?!.*Tag)"):
            rows_of(TASKS, lines)
    assert rows_of(TASKS, good * 2) == rows_of(TASKS, good) * 2


async def test_days_and_instants_that_are_none_are_refused_on_postgres(postgres_database_url: str) -> None:
    for value in ("2026-02-30T00:00:00.000000Z", "soon"):
        with pytest.raises(RowError, match="config has a row whose day or instant is none"):
            await put(postgres_database_url, CONFIG, [("alice", "app.a", "1", 1, value, None)])


def test_every_column_has_a_kind_and_what_has_none_is_said() -> None:
    columns = [column for table in metadata.sorted_tables for column in table.columns]
    assert {kind_of(column) for column in columns} == KINDS.keys()
    with pytest.raises(TypeError, match="no canonical form"):
        kind_of(Column("picture", LargeBinary))
