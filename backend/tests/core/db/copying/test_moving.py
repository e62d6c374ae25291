"""Moving: there and back, whatever people wrote; and nothing where not all arrives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.copying import moving
from app.core.db.copying.lines import Rows
from app.core.db.copying.loading import load_rows, loading
from app.core.db.copying.moving import move, rehearse
from app.core.db.url import DatabaseUrl
from app.core.operating import FailedError
from app.models import metadata
from tests.conftest import EngineName
from tests.core.db.copying.databases import digests, is_empty, stored, wal
from tests.core.db.copying.people import add_people
from tests.migrations.running import look, parsed
from tests.models.rows import add_rows


@pytest.mark.parametrize("seed", [1, 2])
async def test_there_and_back_nothing_is_another_to_the_byte(
    database_url: str, engine_name: EngineName, target_url: str, fresh: dict[EngineName, str], seed: int
) -> None:
    await look(database_url, lambda connection: add_people(connection, seed))
    before, rows = await digests(database_url), await look(database_url, stored)
    assert all(rows.values())
    assert (await rehearse(parsed(database_url), parsed(target_url), metadata)).shown == []
    there = await move(parsed(database_url), parsed(target_url), metadata)
    back = await move(parsed(target_url), parsed(fresh[engine_name]), metadata)
    for receipt in (there, back):
        assert {name: (each.rows, each.hex) for name, each in receipt.tables.items()} == before
    assert await digests(fresh[engine_name]) == before
    assert await look(fresh[engine_name], stored) == rows


async def test_between_two_of_a_kind(
    database_url: str, engine_name: EngineName, fresh: dict[EngineName, str]
) -> None:
    await look(database_url, add_rows)
    receipt = await move(parsed(database_url), parsed(fresh[engine_name]), metadata, compare=True)
    assert receipt.bare_seconds
    assert await look(fresh[engine_name], stored) == await look(database_url, stored)


async def test_what_is_not_read_back_the_same_is_undone(
    database_url: str, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await look(database_url, add_rows)

    async def lossy(connection: AsyncConnection, table: Table, rows: Rows) -> None:
        await load_rows(connection, table, rows[:-1] if table.name == "time_entries" else rows)

    monkeypatch.setattr(moving, "load_rows", lossy)
    with pytest.raises(FailedError, match="time_entries is not the same when it is read back; nothing"):
        await move(parsed(database_url), parsed(target_url), metadata)
    assert await is_empty(target_url)


async def test_an_error_half_way_undoes_all(
    database_url: str, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await look(database_url, add_rows)

    async def broken(connection: AsyncConnection, table: Table, rows: Rows) -> None:
        await load_rows(connection, table, rows)
        if table.name == "time_entries":
            raise OSError

    monkeypatch.setattr(moving, "load_rows", broken)
    with pytest.raises(FailedError, match="the database: OSError; nothing was moved"):
        await move(parsed(database_url), parsed(target_url), metadata)
    assert await is_empty(target_url)


async def test_a_commit_that_is_not_confirmed_is_told_as_what_it_is(
    database_url: str, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def lost(database: DatabaseUrl, tables: MetaData) -> AsyncIterator[AsyncConnection]:
        async with loading(database, tables) as connection:
            yield connection
        raise OSError

    monkeypatch.setattr(moving, "loading", lost)
    with pytest.raises(FailedError, match=r"OSError, at the very end\. Run it again") as raised:
        await move(parsed(database_url), parsed(target_url), metadata)
    assert "nothing was moved" not in str(raised.value)


async def test_what_is_written_meanwhile_is_not_in_it(
    database_url: str, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await look(database_url, add_rows)
    before = await digests(database_url)

    async def meddled(connection: AsyncConnection, table: Table, rows: Rows) -> None:
        if table.name == "change_heads":
            await look(database_url, lambda c: c.exec_driver_sql("UPDATE tasks SET title = 'later'"))
        await load_rows(connection, table, rows)

    monkeypatch.setattr(moving, "load_rows", meddled)
    await move(parsed(wal(database_url)), parsed(target_url), metadata)
    assert await digests(target_url) == before != await digests(database_url)
