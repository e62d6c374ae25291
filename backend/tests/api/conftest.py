"""What the service asks of the database, and a database with years in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import Connection, event

from tests.api.years import load_years
from tests.service import Statement

BOUNDARIES = ("BEGIN", "PRAGMA", "SAVEPOINT", "ROLLBACK TO SAVEPOINT")


@pytest.fixture
def statements(app: Litestar) -> Iterator[list[Statement]]:
    """The statements that the service runs, with their parameters; not those that begin and end."""
    ran: list[Statement] = []

    def note(_: Connection, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if not statement.startswith(BOUNDARIES):
            ran.append((statement, parameters))

    engines = [engine.sync_engine for engine in app.state.database.engines]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield ran
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
async def years_url(module_database_url: str) -> str:
    """The database of two people's years, for the tests of a module that change nothing."""
    await load_years(module_database_url)
    return module_database_url
