"""What the service asks of the database."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import Connection, event

from tests.service import Statement

BOUNDARIES = ("BEGIN", "PRAGMA")


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
