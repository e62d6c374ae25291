"""A year of entries is reported from indexes, and a month of it by reading that month."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import Connection, event, text

from tests.api.entries import Values, book_in, interval, lasting, running
from tests.api.plans import PlanCacheMode, Work, on_postgres, on_sqlite
from tests.api.reports.calls import REPORT
from tests.postgres import create_database, drop_database
from tests.service import client_of, settings_for
from tests.service import running as running_app

ENTRIES = 10_000
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
INDEXES = {
    "ix_time_entries_by_start",
    "ix_time_entries_long",
    "uq_time_entries_running",
    "ix_time_entries_by_day",
}
YEAR = {"from": "2025-01-01", "to": "2025-12-31", "group": "day,time_code", "tz": "Europe/Berlin"}
MONTH = {**YEAR, "from": "2025-11-01", "to": "2025-11-30"}
NEXT_YEAR = {**YEAR, "from": "2026-01-02", "to": "2026-12-31"}
FILTERED = {**YEAR, "task_id": ["none", str(UUID(int=1))], "work_type_id": "none", "tag": "home"}


def entries_of(codes: list[UUID]) -> list[Values]:
    """A year of them, some over midnight, one in ten a duration; three long ones, and a timer just begun."""
    step = timedelta(days=365) / ENTRIES
    found = []
    for number in range(ENTRIES):
        start = (NEW_YEAR + number * step).replace(microsecond=0)
        marks: Values = {"time_code_id": codes[number % len(codes)], "tags": ["home"]}
        if number % 10:
            found.append(interval(start, start + timedelta(minutes=number % 50), **marks))
        else:
            found.append(lasting(start.date(), number % 3000, **marks))
    longs = [
        interval(NEW_YEAR + day * timedelta(days=100), NEW_YEAR + timedelta(days=300)) for day in range(3)
    ]
    return [*found, *longs, running(NEW_YEAR + timedelta(days=364))]


@dataclass(frozen=True)
class Year:
    """The database of one engine, with a service before it."""

    engine: str
    url: str
    app: Litestar

    def client(self) -> httpx.AsyncClient:
        """Alice, signed in."""
        return client_of(self.app, "alice")

    async def work(self, query: Values, mode: PlanCacheMode, copy: str = "") -> Work:
        """What the engine does for a report."""
        ran: list[tuple[str, Any]] = []

        def note(_: Connection, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            ran.append((statement, parameters))

        engine = self.app.state.database.engines[-1].sync_engine
        event.listen(engine, "before_cursor_execute", note)
        async with self.client() as alice:
            await alice.get(REPORT, params=query, headers={"If-None-Match": copy} if copy else {})
        event.remove(engine, "before_cursor_execute", note)
        statement, parameters = ran[-1]
        if self.engine == "sqlite":
            path = self.url.removeprefix("sqlite:///")
            return on_sqlite(path, statement, parameters, table="time_entries")
        return await on_postgres(self.url, statement, parameters, mode, seqscan=False, table="time_entries")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def year(
    request: pytest.FixtureRequest,
    postgres_server: str,
    postgres_template: str,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Year]:
    """Alice's year, and bob's."""
    name = f"daybook_test_{uuid4().hex}"
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path_factory.mktemp('year') / 'app.db')}"
    else:
        url = await create_database(postgres_server, name, postgres_template)
    async with running_app(settings_for(url, auto_migrate=False)) as app:
        for person in ("alice", "bob"):
            async with client_of(app, person) as client:
                bodies = [{"code": f"C{number}", "name": "Name"} for number in range(5)]
                made = [await client.post("/api/v1/time-codes", json=body) for body in bodies]
            codes = [UUID(answer.json()["id"]) for answer in made]
            await book_in(app.state.database, person, *entries_of(codes))
        if request.param == "postgres":
            async with app.state.database.engine.begin() as connection:
                await connection.execute(text("ANALYZE"))
        yield Year(request.param, url, app)
    await drop_database(postgres_server, name)


def found_by(work: Work) -> set[str]:
    """The indexes of entries that were used."""
    return {index.split()[0] for index in work.indexes if "time_entries" in index}


@pytest.mark.parametrize("query", [YEAR, MONTH, FILTERED], ids=["year", "month", "filtered"])
async def test_entries_are_found_by_their_indexes(year: Year, query: Values) -> None:
    for mode in get_args(PlanCacheMode):
        work = await year.work(query, mode)
        assert not work.reads_all
        assert all("user_id" in index for index in work.indexes if "time_entries" in index)
        if year.engine == "sqlite":
            assert found_by(work) == INDEXES
        else:  # it may find all that a person has by any index, where it wants all
            assert found_by(work) <= INDEXES | {"ix_time_entries_user_id_seq"}


async def test_a_year_is_all_there(year: Year) -> None:
    async with year.client() as alice:
        found = (await alice.get(REPORT, params=YEAR)).json()
    assert found["entries"] == ENTRIES + 3  # the first long one begins where the year does, an hour off
    assert len(found["rows"]) > 365 * 5


async def test_a_month_reads_that_month(year: Year) -> None:
    whole, month, after = [await year.work(query, "force_custom_plan") for query in (YEAR, MONTH, NEXT_YEAR)]
    if year.engine == "postgres":
        assert ENTRIES <= whole.rows < ENTRIES * 1.2
        assert month.rows < ENTRIES / 5
        assert after.rows < ENTRIES / 100
    else:
        assert month.cost < whole.cost / 5
        assert after.cost < whole.cost / 5


async def test_an_unchanged_year_is_not_read(year: Year) -> None:
    query = {**YEAR, "to": "2025-12-30"}
    async with year.client() as alice:
        tag = (await alice.get(REPORT, params=query)).headers["etag"]
        assert (await alice.get(REPORT, params=query, headers={"If-None-Match": tag})).status_code == 304
    work = await year.work(query, "force_custom_plan", copy=tag)
    assert work.rows <= 1
    assert work.cost <= 300
