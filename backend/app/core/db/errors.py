"""What the database raises, as the problems that a client sees: by its codes, never by its words."""

import sqlite3
from collections.abc import Iterator
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.core.errors import ConflictError, InvalidError, ProblemError, UnavailableError

DATABASE_ERRORS: Final[tuple[type[Exception], ...]] = (
    StatementError,
    PoolTimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    sqlite3.Error,
    OSError,
    OverflowError,
    UnicodeEncodeError,
    ExceptionGroup,
)
"""What a statement may raise, and so what to register `problem_of` for."""

_UNIQUE: Final = "23505"
_CONFLICTS: Final = (_UNIQUE, "23503", "23001", "23P01")
_INVALID: Final = ("22", "23502", "23514")
_UNAVAILABLE: Final = ("08", "25P03", "28", "3D000", "40", "53", "55P03", "57014", "57P0")
_NO_WRITES: Final = ("25006", "42501", "53100")
"""Read-only, as a primary is that was demoted; no longer allowed; no room on the disk."""
_UNMIGRATED: Final = "42P01"
"""A table is missing: the database is not migrated, or not yet."""
_SQLITE_CONFLICTS: Final = (
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
)
_SQLITE_INVALID: Final = (
    sqlite3.SQLITE_CONSTRAINT_CHECK,
    sqlite3.SQLITE_CONSTRAINT_NOTNULL,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_MISMATCH,
)
_SQLITE_UNAVAILABLE: Final = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
)
_SQLITE_NO_WRITES: Final = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
)
_SQLITE_UNMIGRATED: Final = "no such table: "
"""The one thing that SQLite has no code for, only words."""
_NO_WRITES_SECONDS: Final = 30
"""When to ask again where somebody has to mend it first."""


def problem_of(exc: BaseException) -> ProblemError | None:
    """The problem that an error of the database is, or None where it is a bug of ours.

    SQLSTATEs: Postgres's manual, appendix A; SQLite's: sqlite.org/rescode.html.
    """
    if takes_no_writes(exc):
        return UnavailableError("The database can't take writes now.", retry_after=_NO_WRITES_SECONDS)
    for cause in causes_of(exc):
        if problem := _problem(cause):
            return problem
    if isinstance(exc, DBAPIError) and exc.connection_invalidated:
        return _unavailable()
    return None


def is_taken(exc: BaseException) -> bool:
    """Whether the database refused a row because another one has a value that may stand but once.

    SQLite has codes of their own for keys; to Postgres they are the same.
    """
    return any(
        getattr(cause, "sqlstate", None) == _UNIQUE
        or getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_UNIQUE
        for cause in causes_of(exc)
    )


def takes_no_writes(exc: BaseException) -> bool:
    """Whether the database answers but can't take writes: full, read-only or damaged."""
    return any(
        getattr(cause, "sqlstate", None) in _NO_WRITES
        or getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_NO_WRITES
        for cause in causes_of(exc)
    )


def reason_of(error: Exception) -> str:
    """Why, in a line; of what the database says the first line, for the others have values of rows."""
    if isinstance(error, DBAPIError):
        return str(error.orig).splitlines()[0].rpartition(">: ")[2]
    return f"{type(error).__name__}: {error}".splitlines()[0]


def name_of(exc: BaseException) -> str:
    """What the driver calls the error: its SQLSTATE, SQLite's name of it, or its class; never its words."""
    for name in ("sqlstate", "sqlite_errorname"):
        for cause in causes_of(exc):
            if found := getattr(cause, name, None):
                return str(found)
    return type(exc).__name__


def causes_of(exc: BaseException) -> Iterator[BaseException]:
    """The error itself and the driver's own inside it; a group is as bad as what it holds."""
    yield exc
    if isinstance(exc, BaseExceptionGroup):
        for inner in exc.exceptions:
            yield from causes_of(inner)
    elif isinstance(exc, StatementError) and exc.orig is not None:
        yield exc.orig
        # The dialect for asyncpg wraps the driver's error a second time.
        if isinstance(driver := getattr(exc.orig, "orig", None), BaseException):
            yield driver


def _problem(exc: BaseException) -> ProblemError | None:
    if isinstance(sqlstate := getattr(exc, "sqlstate", None), str):
        return _of_sqlstate(sqlstate)
    if isinstance(code := getattr(exc, "sqlite_errorcode", None), int):
        return _unmigrated() if str(exc).startswith(_SQLITE_UNMIGRATED) else _of_sqlite(code)
    if isinstance(exc, asyncpg.DataError | OverflowError | UnicodeEncodeError):
        return _invalid()
    if isinstance(exc, PoolTimeoutError) or _is_network(exc):
        return _unavailable()
    return None


def _is_network(exc: BaseException) -> bool:
    """Whether the other end is what failed: an OSError that names a file is about a file of ours."""
    return isinstance(exc, OSError) and exc.filename is None


def _of_sqlstate(sqlstate: str) -> ProblemError | None:
    if sqlstate in _CONFLICTS:
        return _conflict()
    if sqlstate.startswith(_INVALID):
        return _invalid()
    if sqlstate == _UNMIGRATED:
        return _unmigrated()
    return _unavailable() if sqlstate.startswith(_UNAVAILABLE) else None


def _of_sqlite(code: int) -> ProblemError | None:
    if code in _SQLITE_CONFLICTS:
        return _conflict()
    if code in _SQLITE_INVALID:
        return _invalid()
    # The low byte is the error, the rest says which kind of it.
    return _unavailable() if code & 0xFF in _SQLITE_UNAVAILABLE else None


def _conflict() -> ConflictError:
    return ConflictError("The change contradicts what is stored.")


def _invalid() -> InvalidError:
    return InvalidError("The database refuses a value of this input.")


def _unavailable() -> UnavailableError:
    return UnavailableError("The database does not answer in time. Try again.")


def _unmigrated() -> UnavailableError:
    return UnavailableError("The database is not migrated yet. Try again.")
