"""The short way to the driver: the session's own transaction, the same values, errors and events."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Integer, String, bindparam, column, event, insert, select, table, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError, MultipleResultsFound
from sqlalchemy.util.concurrency import greenlet_spawn
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.db.direct import direct_of
from app.core.db.session import Database, Session, committed
from tests.core.db.databases import checked_out, opened

NOTES = table("notes", column("n", Integer), column("said_by", String), column("at", UTCDateTime()))
NEW = (
    insert(NOTES)
    .values(
        {"n": bindparam("n", type_=Integer), "said_by": "alice", "at": bindparam("at", type_=UTCDateTime())}
    )
    .returning(NOTES.c.n)
)
BY_NUMBER = select(NOTES.c.n, NOTES.c.said_by, NOTES.c.at).where(NOTES.c.n == bindparam("n", type_=Integer))
ALL = select(NOTES.c.n).order_by(NOTES.c.n)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    async with opened(empty_database_url, db_pool_size=2, db_max_overflow=0) as database:
        kind = "timestamptz" if database.url.dialect == "postgresql" else "datetime"
        async with committed(database) as session:
            await session.rows(text(f"CREATE TABLE notes (n int PRIMARY KEY, said_by text, at {kind})"), {})
        yield database
        assert checked_out(database) == 0


def note(n: int) -> dict[str, Any]:
    return {"n": n, "at": NOON}


async def add(session: Session, *numbers: int) -> None:
    for n in numbers:
        await session.rows(NEW, note(n))


async def numbers(database: Database) -> list[int]:
    async with database.session(read_only=True) as session:
        return [row.n for row in await session.rows(ALL, {})]


async def test_values_go_in_and_come_out_as_their_columns_say(database: Database) -> None:
    async with committed(database) as session:
        assert (await session.row(NEW, note(1))).n == 1
    async with database.session(read_only=True) as session:
        assert await session.row(BY_NUMBER, {"n": 1}) == (1, "alice", NOON)
        assert await session.row(BY_NUMBER, {"n": 2}) is None


async def test_one_row_is_not_the_first_of_several(database: Database) -> None:
    async with committed(database) as session:
        await add(session, 1, 2)
        with pytest.raises(MultipleResultsFound):
            await session.row(ALL, {})
    assert await numbers(database) == [1, 2]


@pytest.mark.parametrize("is_first", [True, False])
async def test_both_ways_are_one_transaction(database: Database, is_first: bool) -> None:
    async with database.session() as session:
        if is_first:
            await session.rows(NEW, note(1))
        await (await session.connection()).execute(NEW, note(2))
        await session.exec(NEW, params=note(3))
        await session.rows(NEW, note(4))
        assert checked_out(database) == 1
        assert len(await session.rows(ALL, {})) == 3 + is_first
    assert await numbers(database) == []


async def test_what_the_session_began_by_itself_is_gone_on_with(database: Database) -> None:
    async with committed(database) as session:
        await session.exec(NEW, params=note(1))
        await session.rows(NEW, note(2))
        assert checked_out(database) == 1
    assert await numbers(database) == [1, 2]


@pytest.mark.parametrize("ends_by", ["settle", "commit"])
async def test_what_is_asked_for_late_joins_what_was_begun(database: Database, ends_by: str) -> None:
    async with database.session() as session:
        await session.rows(NEW, note(1))
        assert list(session.new) == []
        assert session.in_transaction()
        await getattr(session, ends_by)()
    assert await numbers(database) == [1]


async def test_what_is_asked_for_late_undoes_what_was_begun(database: Database) -> None:
    async with database.session() as session:
        await session.rows(NEW, note(1))
        assert list(session.new) == []
        await session.rollback()
        assert not session.in_transaction()
        await session.rows(NEW, note(2))
        await session.settle()
    assert await numbers(database) == [2]


async def test_a_session_that_was_settled_has_nothing_to_say_at_its_end(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for begins in (NEW, None):
        async with database.session() as session:
            if begins is not None:
                await session.rows(begins, note(1))
            await (await session.connection()).execute(NEW, note(2 + (begins is None)))
            await session.settle()
            await session.settle()
    assert caplog.messages == []
    assert checked_out(database) == 0
    assert await numbers(database) == [1, 2, 3]


async def test_what_is_over_is_not_told_to_be_committed(database: Database) -> None:
    async with database.session() as session:
        await session.rows(NEW, note(1))
        held = session._held
        assert held
        await greenlet_spawn(held.rollback)
        with pytest.raises(InvalidRequestError, match="over"):
            await session.settle()
    assert checked_out(database) == 0
    assert await numbers(database) == []


async def test_a_session_that_only_reads_holds_nothing_and_writes_nothing(database: Database) -> None:
    async with database.session(read_only=True) as session:
        assert await session.rows(ALL, {}) == []
        assert not session.in_transaction()
        assert checked_out(database) == 0
        with pytest.raises(DBAPIError):
            await session.rows(NEW, note(1))
    assert await numbers(database) == []


async def test_a_select_that_writes_does_not_pass_for_one_that_reads(database: Database) -> None:
    if database.url.dialect == "postgresql":
        hidden = select(NEW.cte("hidden").c.n)
        async with database.session(read_only=True) as session:
            with pytest.raises(DBAPIError):
                await session.rows(hidden, note(1))
    assert await numbers(database) == []


async def test_errors_are_the_ones_that_sqlalchemy_raises(database: Database) -> None:
    async with committed(database) as session:
        await session.rows(NEW, note(1))
    with pytest.raises(IntegrityError) as caught:
        async with committed(database) as session:
            await session.rows(NEW, note(1))
    assert "alice" not in str(caught.value)
    assert not caught.value.connection_invalidated


async def test_who_listens_hears_every_statement_and_may_refuse_it(database: Database) -> None:
    heard: list[str] = []

    def listen(_: Any, __: Any, statement: str, *___: Any) -> None:
        heard.append(statement.split()[0])
        if len(heard) == 3:
            raise KeyError("bob")

    for engine in database.engines:
        event.listen(engine.sync_engine, "before_cursor_execute", listen)
    with pytest.raises(KeyError, match="bob"):
        async with committed(database) as session:
            await add(session, 1, 2, 3)
    for engine in database.engines:
        event.remove(engine.sync_engine, "before_cursor_execute", listen)
    assert heard == ["INSERT"] * 3
    assert await numbers(database) == []


async def test_a_connection_that_is_lost_is_replaced(database: Database) -> None:
    if database.url.dialect != "postgresql":
        return await _closes_under_us(database)
    async with committed(database) as session:
        pid = (await session.rows(text("SELECT pg_backend_pid()"), {}))[0][0]
    other = await asyncpg.connect(database.url.url.set(drivername="postgresql").render_as_string(False))
    await other.execute("SELECT pg_terminate_backend($1, 5000)", pid)
    await other.close()
    assert await numbers(database) == []
    return None


async def _closes_under_us(database: Database) -> None:
    async with committed(database) as session:
        driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    await driver.close()
    with pytest.raises(DBAPIError):
        async with committed(database) as session:
            await session.rows(NEW, note(1))


async def test_a_cancelled_read_gives_its_connection_back(database: Database) -> None:
    forever = {
        "postgresql": select(text("pg_sleep(60)")),
        "sqlite": select(
            text(
                "x FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
                " SELECT max(x) AS x FROM c)"
            )
        ),
    }[database.url.dialect]
    for _ in range(3):
        task = asyncio.create_task(_read(database, forever))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert checked_out(database) == 0
    assert await numbers(database) == []


async def _read(database: Database, statement: Any) -> None:
    async with database.session(read_only=True) as session:
        await session.rows(statement, {})


async def test_what_changes_from_run_to_run_is_not_kept(database: Database) -> None:
    among = select(NOTES.c.n).where(NOTES.c.n.in_(bindparam("wanted", expanding=True)))
    assert direct_of(among, database.engine.dialect) is None
    async with committed(database) as session:
        await add(session, 1, 2, 3)
        assert await session.rows(among, {"wanted": [1, 3]}) == [(1,), (3,)]
