"""Which errors of the database are chance, before a COMMIT and during it."""

import sqlite3

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.core.db.transient import is_crowded_out, is_transient


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("some words")
    error.sqlite_errorcode = code
    return error


def lost(error: Exception) -> DBAPIError:
    """An error that cost the connection."""
    return DBAPIError("SELECT 1", None, error, connection_invalidated=True)


GIVEN_UP = [
    asyncpg.SerializationError("words"),
    asyncpg.DeadlockDetectedError("words"),
    DBAPIError("SELECT 1", None, asyncpg.SerializationError("words")),
    ExceptionGroup("words", [asyncpg.DeadlockDetectedError("words")]),
    sqlite_error(sqlite3.SQLITE_BUSY),
    sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT),
]
LOST = [
    asyncpg.ConnectionDoesNotExistError("words"),
    asyncpg.ConnectionFailureError("words"),
    asyncpg.AdminShutdownError("words"),
    asyncpg.CrashShutdownError("words"),
    asyncpg.TooManyConnectionsError("words"),
    lost(asyncpg.InterfaceError("words")),
    ConnectionResetError(104, "words"),
    ConnectionRefusedError(111, "words"),
    ExceptionGroup("words", [ConnectionRefusedError(111, "words")]),
]
OF_THE_COMMIT = [
    asyncpg.TransactionRollbackError("words"),
    asyncpg.InternalServerError("could not commit transaction on a worker"),
]
NEVER = [
    asyncpg.QueryCanceledError("words"),
    asyncpg.LockNotAvailableError("words"),
    asyncpg.CannotConnectNowError("words"),
    asyncpg.DiskFullError("words"),
    asyncpg.UniqueViolationError("words"),
    asyncpg.InternalServerError("words"),
    asyncpg.StatementCompletionUnknownError("words"),
    PoolTimeoutError("words"),
    TimeoutError(),
    lost(TimeoutError()),
    lost(asyncpg.ReadOnlySQLTransactionError("words")),
    OSError("words"),
    sqlite_error(sqlite3.SQLITE_INTERRUPT),
    sqlite_error(sqlite3.SQLITE_FULL),
    ValueError("words"),
]


@pytest.mark.parametrize("error", GIVEN_UP, ids=repr)
def test_what_was_given_up_may_be_run_again_whenever(error: Exception) -> None:
    assert is_transient(error)
    assert is_transient(error, committing=True)


@pytest.mark.parametrize("error", LOST, ids=repr)
def test_a_connection_that_is_lost_during_the_commit_leaves_it_open(error: Exception) -> None:
    assert is_transient(error)
    assert not is_transient(error, committing=True)


@pytest.mark.parametrize("error", OF_THE_COMMIT, ids=repr)
def test_a_commit_that_was_refused_did_not_take_place(error: Exception) -> None:
    assert not is_transient(error)
    assert is_transient(error, committing=True)


@pytest.mark.parametrize("error", NEVER, ids=repr)
def test_what_is_slow_or_wrong_stays_so(error: Exception) -> None:
    assert not is_transient(error)
    assert not is_transient(error, committing=True)


@pytest.mark.parametrize("error", [*GIVEN_UP, asyncpg.LockNotAvailableError("words")], ids=repr)
def test_who_lost_against_another_was_crowded_out(error: Exception) -> None:
    assert is_crowded_out(error)


@pytest.mark.parametrize("error", [*LOST, asyncpg.QueryCanceledError("words"), ValueError("words")], ids=repr)
def test_who_lost_the_database_was_not(error: Exception) -> None:
    assert not is_crowded_out(error)
