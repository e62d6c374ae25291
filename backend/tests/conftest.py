"""For every test: a fresh database, migrated or empty, the running service, and its named people."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Literal
from uuid import uuid4

import httpx
import pytest
from hypothesis import settings as hypothesis_settings
from litestar import Litestar

from app.core.db.migrations.upgrading import upgrade
from app.core.db.url import parse_database_url
from tests.postgres import Copies, create_database, drop_database, running_postgres
from tests.service import client_of, running, settings_for

EngineName = Literal["sqlite", "postgres"]

# A shared machine stalls now and then: a slow example is not a failed one.
hypothesis_settings.register_profile("daybook", deadline=None)
hypothesis_settings.load_profile("daybook")


async def _migrate(url: str) -> None:
    await upgrade(parse_database_url(url, root=Path.cwd()))


def _new_name() -> str:
    return f"daybook_test_{uuid4().hex}"


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def engine_name(request: pytest.FixtureRequest) -> EngineName:
    """Which engine the test runs on: every test that asks, runs on both."""
    name: EngineName = request.param
    return name


@pytest.fixture
def database_url(request: pytest.FixtureRequest, engine_name: EngineName) -> str:
    """A fresh database at the head revision."""
    url: str = request.getfixturevalue(f"{engine_name}_database_url")
    return url


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, engine_name: EngineName) -> str:
    """A fresh database without any table."""
    url: str = request.getfixturevalue(f"empty_{engine_name}_database_url")
    return url


@pytest.fixture
def memory_database_url() -> str:
    """SQLite in memory: it lives as long as the one connection to it, and starts empty."""
    return "sqlite:///:memory:"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a Postgres where databases may be made."""
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
async def postgres_template(postgres_server: str) -> AsyncIterator[str]:
    """The name of a migrated database to copy."""
    name = _new_name()
    await _migrate(await create_database(postgres_server, name))
    yield name
    await drop_database(postgres_server, name)


@pytest.fixture(scope="session")
def postgres_copies(postgres_server: str, postgres_template: str) -> Iterator[Copies]:
    """Where each test gets its own migrated database from."""
    copies = Copies(postgres_server, postgres_template)
    yield copies
    copies.close()


@pytest.fixture
async def postgres_database_url(postgres_copies: Copies) -> AsyncIterator[str]:
    """A migrated database on Postgres."""
    url = await postgres_copies.take()
    yield url
    postgres_copies.give_back(url)


@pytest.fixture
async def empty_postgres_database_url(postgres_server: str) -> AsyncIterator[str]:
    """An empty database on Postgres."""
    name = _new_name()
    yield await create_database(postgres_server, name)
    await drop_database(postgres_server, name)


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy."""
    path = tmp_path_factory.mktemp("template") / "app.db"
    await _migrate(_sqlite_url(path))
    return path


@pytest.fixture
def sqlite_database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated database on SQLite."""
    return _sqlite_url(shutil.copyfile(sqlite_template, tmp_path / "app.db"))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def module_database_url(
    request: pytest.FixtureRequest,
    postgres_server: str,
    postgres_template: str,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[str]:
    """A migrated database that the tests of a module share, on each engine."""
    if request.param == "sqlite":
        yield _sqlite_url(shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("module") / "app.db"))
        return
    name = _new_name()
    yield await create_database(postgres_server, name, postgres_template)
    await drop_database(postgres_server, name)


@pytest.fixture
def empty_sqlite_database_url(tmp_path: Path) -> str:
    """An empty database on SQLite: the file is not there yet."""
    return _sqlite_url(tmp_path / "empty.db")


@pytest.fixture
def other_engine(engine_name: EngineName) -> EngineName:
    """The engine that `engine_name` is not."""
    return "postgres" if engine_name == "sqlite" else "sqlite"


@pytest.fixture
async def fresh(
    postgres_server: str, postgres_template: str, sqlite_template: Path, tmp_path: Path
) -> AsyncIterator[dict[EngineName, str]]:
    """One more migrated database without rows on each engine."""
    name = f"daybook_test_{uuid4().hex}"
    file = shutil.copyfile(sqlite_template, tmp_path / "fresh.db")
    yield {
        "sqlite": f"sqlite:///{file}",
        "postgres": await create_database(postgres_server, name, postgres_template),
    }
    await drop_database(postgres_server, name)


@pytest.fixture
def target_url(fresh: dict[EngineName, str], other_engine: EngineName) -> str:
    """Of the other engine than `database_url`."""
    return fresh[other_engine]


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
