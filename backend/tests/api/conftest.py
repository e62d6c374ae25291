"""The service on each engine, and its named people."""

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from tests.service import client_of, running, settings_for


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
