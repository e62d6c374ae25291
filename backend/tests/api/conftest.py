"""The service on each engine, and its named people."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import Connection, event

from tests.service import Statement, client_of, running, settings_for

BOUNDARIES = ("BEGIN", "PRAGMA")


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[Litestar]:
    """The running service."""
    async with running(settings_for(database_url, auto_migrate=False)) as app:
        yield app


@pytest.fixture
async def nobody(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Someone without a token."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def alice(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Alice, signed in."""
    async with client_of(app, "alice") as client:
        yield client


@pytest.fixture
async def bob(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Bob, signed in."""
    async with client_of(app, "bob") as client:
        yield client


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
