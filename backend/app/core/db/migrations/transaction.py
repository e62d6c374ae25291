"""The transaction that migrations run in: one around all of them, and one migrator at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection

from app.core.db.connecting import DEFERRED, LOCK_WAIT_SECONDS

ONE_MIGRATOR: Final = "SELECT pg_advisory_xact_lock(28254671641472875)"
"""The lock that whoever changes the schema has, on Postgres, to the end of the transaction."""

NO_TIME_OUTS: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    # There is one only from Postgres 17 on.
    "SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout'",
)
"""Long work on Postgres, in one transaction, whatever the defaults of its role."""

ALL_ROWS: Final = "SET LOCAL row_security = off"
"""Rows that a policy hides are an error, instead of missing."""

POSTGRES_SETUP: Final = (
    *NO_TIME_OUTS,
    f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'",
    ONE_MIGRATOR,
    # Only now: a waiting ALTER holds up every reader behind it, so it gives up soon, while those who
    # wait for the lock above are in nobody's way.
    "SET LOCAL lock_timeout = '2s'",
)


class OrphansError(Exception):
    """A migration left rows whose parent is gone; it was rolled back."""


@contextmanager
def migrating(connection: Connection) -> Iterator[Connection]:
    """One transaction around all revisions: if the last fails, nothing of the first is left either.

    Who has begun one has made it theirs, with the locks that they want and the end that they choose.
    """
    if connection.in_transaction():
        yield connection
        return
    connection.execution_options(**{DEFERRED: False})
    with _unchecked_keys(connection) if connection.dialect.name == "sqlite" else connection.begin():
        for statement in POSTGRES_SETUP if connection.dialect.name == "postgresql" else ():
            connection.exec_driver_sql(statement)
        yield connection


@contextmanager
def _unchecked_keys(connection: Connection) -> Iterator[None]:
    """A transaction on SQLite with foreign keys off, and looked over before it commits.

    Batch mode drops the old table, and with foreign keys on that would delete every child row. The
    switch has no effect within a transaction, hence the driver's own cursor.
    """
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys")
    (before,) = cursor.fetchone() or (0,)
    cursor.execute("PRAGMA foreign_keys=OFF")
    try:
        with connection.begin():
            orphans = _orphans(connection)
            yield
            if new := _orphans(connection) - orphans:
                tables = ", ".join(sorted({row[0] for row in new}))
                raise OrphansError(f"The migration leaves rows without their parent in: {tables}")
    finally:
        cursor.execute(f"PRAGMA foreign_keys={before}")
        cursor.close()


def _orphans(connection: Connection) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}
