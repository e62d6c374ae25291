"""What the database raises becomes the right problem, on both engines, without its words."""

import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.core.db.errors import DATABASE_ERRORS, is_taken, name_of, problem_of, takes_no_writes
from app.core.db.session import Database
from app.core.errors import ConflictError, InvalidError, ProblemError, UnavailableError
from tests.core.db.databases import opened

TABLES = (
    "CREATE TABLE people (id bigint PRIMARY KEY, name varchar(5) NOT NULL UNIQUE CHECK (length(name) <= 5))",
    "CREATE TABLE tasks (id bigint PRIMARY KEY, person_id bigint REFERENCES people (id))",
    "INSERT INTO people VALUES (1, 'alice')",
    "INSERT INTO tasks VALUES (1, 1)",
)


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    async with opened(empty_database_url) as database:
        async with database.engine.begin() as connection:
            for statement in TABLES:
                await connection.execute(text(statement))
        yield database


async def error_of(database: Database, statement: str, **values: Any) -> Exception:
    typed = text(statement).bindparams(
        *(bindparam(name, type_=BigInteger) for name in values if name == "id")
    )
    async with database.engine.connect() as connection:
        with pytest.raises(DATABASE_ERRORS) as caught:
            await connection.execute(typed, values)
    error: Exception = caught.value
    return error


@pytest.mark.parametrize(
    ("statement", "values", "problem"),
    [
        ("INSERT INTO people VALUES (1, 'bob')", {}, ConflictError),
        ("INSERT INTO people VALUES (2, 'alice')", {}, ConflictError),
        ("INSERT INTO tasks VALUES (2, 7)", {}, ConflictError),
        ("DELETE FROM people", {}, ConflictError),
        ("INSERT INTO people VALUES (2, NULL)", {}, InvalidError),
        ("INSERT INTO people VALUES (2, 'charlie')", {}, InvalidError),
        ("INSERT INTO people VALUES (:id, 'bob')", {"id": 2**63}, InvalidError),
        ("INSERT INTO people VALUES (2, :name)", {"name": "\ud800"}, InvalidError),
    ],
)
async def test_what_was_asked_for_is_wrong(
    database: Database, statement: str, values: dict[str, Any], problem: type[ProblemError]
) -> None:
    error = await error_of(database, statement, **values)
    found = problem_of(error)
    assert type(found) is problem
    assert "alice" not in found.detail
    assert "people" not in found.detail
    if isinstance(error, DBAPIError) and error.orig:
        assert type(problem_of(getattr(error.orig, "orig", None) or error.orig)) is problem, "bare too"


@pytest.mark.parametrize(
    ("statement", "taken"),
    [
        ("INSERT INTO people VALUES (2, 'alice')", True),
        ("UPDATE people SET name = 'alice' WHERE id = 2", True),
        ("INSERT INTO tasks VALUES (2, 7)", False),
        ("INSERT INTO people VALUES (3, NULL)", False),
        ("INSERT INTO people VALUES (3, 'charlie')", False),
        ("SELEC 1", False),
    ],
)
async def test_what_is_taken_is_told_from_other_conflicts(
    database: Database, statement: str, taken: bool
) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("INSERT INTO people VALUES (2, 'bob')"))
    error = await error_of(database, statement)
    assert is_taken(error) is taken


@pytest.mark.parametrize("statement", ["SELECT nothing FROM people", "SELEC 1"])
async def test_a_bug_of_ours_stays_one(database: Database, statement: str) -> None:
    assert problem_of(await error_of(database, statement)) is None


def with_sqlite_code(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("some words")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UndefinedTableError("words"),
        asyncpg.SerializationError("words"),
        asyncpg.DeadlockDetectedError("words"),
        asyncpg.QueryCanceledError("words"),
        asyncpg.LockNotAvailableError("words"),
        asyncpg.IdleInTransactionSessionTimeoutError("words"),
        asyncpg.TooManyConnectionsError("words"),
        asyncpg.AdminShutdownError("words"),
        asyncpg.CannotConnectNowError("words"),
        asyncpg.ConnectionDoesNotExistError("words"),
        asyncpg.InvalidPasswordError("words"),
        asyncpg.InvalidCatalogNameError("words"),
        with_sqlite_code(sqlite3.SQLITE_BUSY),
        with_sqlite_code(sqlite3.SQLITE_BUSY_SNAPSHOT),
        with_sqlite_code(sqlite3.SQLITE_LOCKED),
        with_sqlite_code(sqlite3.SQLITE_INTERRUPT),
        PoolTimeoutError("words"),
        TimeoutError(),
        ConnectionRefusedError(111, "words"),
        OSError("Multiple exceptions: words"),
        FileNotFoundError(2, "words"),
        ExceptionGroup("words", [TimeoutError()]),
    ],
    ids=repr,
)
def test_what_may_work_in_a_moment(error: Exception) -> None:
    assert isinstance(error, DATABASE_ERRORS)
    problem = problem_of(error)
    assert isinstance(problem, UnavailableError)
    assert problem.headers == {"Retry-After": "1"}
    assert "words" not in problem.detail


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (asyncpg.ReadOnlySQLTransactionError("words"), "25006"),
        (asyncpg.InsufficientPrivilegeError("words"), "42501"),
        (asyncpg.DiskFullError("words"), "53100"),
        (with_sqlite_code(sqlite3.SQLITE_READONLY), "OperationalError"),
        (with_sqlite_code(sqlite3.SQLITE_READONLY_DBMOVED), "OperationalError"),
        (with_sqlite_code(sqlite3.SQLITE_PERM), "OperationalError"),
        (with_sqlite_code(sqlite3.SQLITE_FULL), "OperationalError"),
        (with_sqlite_code(sqlite3.SQLITE_CORRUPT), "OperationalError"),
        (with_sqlite_code(sqlite3.SQLITE_NOTADB), "OperationalError"),
        (DBAPIError("SELECT 1", None, asyncpg.DiskFullError("words")), "53100"),
    ],
    ids=repr,
)
def test_what_somebody_has_to_mend_first(error: Exception, name: str) -> None:
    problem = problem_of(error)
    assert isinstance(problem, UnavailableError)
    assert problem.headers == {"Retry-After": "30"}
    assert problem.detail == "The database can't take writes now."
    assert takes_no_writes(error)
    assert name_of(error) == name


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UndefinedColumnError("words"),
        FileNotFoundError(2, "words", "data/dev-key.json"),
        ExceptionGroup("words", [KeyError("words")]),
        ValueError("words"),
    ],
    ids=repr,
)
def test_what_is_nobodys_fault_but_ours(error: Exception) -> None:
    assert problem_of(error) is None
