"""Which errors of the database are chance: what to run again at once, from the start."""

import sqlite3
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError

from app.core.db.errors import causes_of, takes_no_writes

_GIVEN_UP: Final = ("40001", "40P01")
"""The server rolled it back for the sake of another."""
_LOST: Final = ("08", "53300", "57P01", "57P02")
"""No connection, or none any more: it failed, there were too many, the server was stopped or crashed."""
_LOCKED: Final = "55P03"
"""Who held the lock did not let go of it in time."""
_UNKNOWN: Final = "40003"
"""Of class 40, all of which say that it was rolled back, the one that says that nobody knows."""
_NOT_COMMITTED: Final = "could not commit"
"""What a distributed Postgres calls it, under the code for everything: XX000."""


def is_transient(exc: BaseException, *, committing: bool = False) -> bool:
    """Whether the request may succeed if it is run again at once.

    `committing` says that a COMMIT was under way and must not take place twice: then only what the server
    answered is taken for its failure.
    """
    causes = list(causes_of(exc))
    # What waited to its end would wait again; what can't be written can't be in a moment either.
    if takes_no_writes(exc) or any(isinstance(cause, TimeoutError) for cause in causes):
        return False
    if any(_is_given_up(cause, committing) for cause in causes):
        return True
    if committing:
        return False
    return any(map(_is_lost, causes)) or (isinstance(exc, DBAPIError) and exc.connection_invalidated)


def is_crowded_out(exc: BaseException) -> bool:
    """Whether the work lost against another's, while the database is well: others have nothing to fear."""
    return any(
        _is_given_up(cause, committing=False) or getattr(cause, "sqlstate", None) == _LOCKED
        for cause in causes_of(exc)
    )


def _is_given_up(cause: BaseException, committing: bool) -> bool:
    if getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
        return True
    sqlstate = getattr(cause, "sqlstate", None) or ""
    if committing and sqlstate.startswith("40"):
        return sqlstate != _UNKNOWN
    if committing and sqlstate == "XX000":
        return _NOT_COMMITTED in str(cause)
    return sqlstate in _GIVEN_UP


def _is_lost(cause: BaseException) -> bool:
    sqlstate = getattr(cause, "sqlstate", None) or ""
    return sqlstate.startswith(_LOST) or isinstance(
        cause, ConnectionError | asyncpg.ConnectionDoesNotExistError
    )
