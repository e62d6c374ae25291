"""The checks, in the order in which an operator would want to know."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from app.core.db.errors import name_of
from app.core.db.migrate import UnreachableError, connect, revision_of, revisions
from app.core.db.migration_lock import DEFERRED
from app.core.db.url import DatabaseUrl
from app.core.db.verify.invariants import foreign_key_checks, invariant_checks, invariants
from app.core.db.verify.plans import index_for_one_user
from app.core.db.verify.report import Check, failed, passed
from app.core.db.verify.sample import sample_checks
from app.core.db.verify.shape import Part, Shape, differences, live_shape, model_shape

MIGRATE: Final = "run `alembic -c migrations/alembic.ini upgrade head`"
RESHAPE: Final = (
    f"{MIGRATE}; if the revision is head already, undo what was changed by hand, "
    "or write a migration for what the models have gained"
)
RESTORE: Final = "stop the service and restore a backup that passes this check"
SHOWN: Final = 5
"""How many differences a line names."""
LOCK_SECONDS: Final = 5
POSTGRES_LIMITS: Final = (
    f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'",
    "SET LOCAL statement_timeout = '30s'",
)
BUSY: Final = ("SQLITE_BUSY", "55P03", "57014")
READ_ONLY: Final = ("SQLITE_READONLY", "25006", "42501")
DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002")

Checks = Callable[[Connection], Iterator[Check]]


async def verify(database: DatabaseUrl, metadata: MetaData, task: type[Any]) -> list[Check]:
    """Everything about the database, in transactions that are all rolled back.

    `metadata` has the models' tables, `task` is the model to make a sample of. Raises
    UnreachableError where nothing can be said.
    """
    refuse_missing(database)
    steps: dict[str, Checks] = {
        "connection": partial(_connection, database),
        "integrity": _integrity,
        "revision": _revision,
        "schema": partial(_schema, metadata),
        "plans": partial(_plans, metadata),
        **{invariant.name: partial(invariant_checks, invariant) for invariant in invariants(metadata)},
        "foreign keys": partial(foreign_key_checks, metadata),
        "sample": partial(sample_checks, task),
    }
    async with connect(database, lock_seconds=LOCK_SECONDS) as connection:
        found = [await connection.run_sync(_rolled_back, name, step) for name, step in steps.items()]
    return [check for checks in found for check in checks]


def refuse_missing(database: DatabaseUrl) -> None:
    """Raises UnreachableError for a file that is not there: to look for one must not make it."""
    if database.is_memory:
        raise UnreachableError("A database in memory can only be seen by the process that has it")
    if database.file and not database.file.is_file():
        raise UnreachableError(f"The database {database} does not exist; {MIGRATE} to make it")


def _rolled_back(connection: Connection, name: str, checks: Checks) -> list[Check]:
    """The findings of one step; what the database refuses is a finding too."""
    connection.execution_options(**{DEFERRED: True})
    try:
        with connection.begin() as transaction:
            for statement in POSTGRES_LIMITS if connection.dialect.name == "postgresql" else ():
                connection.exec_driver_sql(statement)
            found = list(checks(connection))
            transaction.rollback()
            return found
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0].rpartition(">: ")[2]
        if error.connection_invalidated or _is(error, BUSY):
            raise UnreachableError(f"The database can't be looked at now: {reason}") from None
        if _is(error, READ_ONLY):
            raise UnreachableError(f"The database takes no writes, not even a sample's: {reason}") from None
        mend = RESTORE if _is(error, DAMAGED) else RESHAPE
        return [failed(name, f"the database refuses it: {reason}", mend)]


def _is(error: DBAPIError, codes: tuple[str, ...]) -> bool:
    return name_of(error).startswith(codes)


def _connection(database: DatabaseUrl, connection: Connection) -> Iterator[Check]:
    sqlite = connection.dialect.name == "sqlite"
    version = connection.scalar(text("SELECT sqlite_version()" if sqlite else "SHOW server_version"))
    yield passed("connection", f"{database} answers, {'SQLite' if sqlite else 'Postgres'} {version}")


def _integrity(connection: Connection) -> Iterator[Check]:
    """Whether the pages of the file hold together; Postgres has nothing like it for any user to ask."""
    if connection.dialect.name != "sqlite":
        return
    found = list(connection.scalars(text(f"PRAGMA quick_check({SHOWN})")))
    if found == ["ok"]:
        yield passed("integrity", "quick_check finds nothing amiss")
    else:
        yield failed("integrity", "; ".join(line.replace("\n", " ") for line in found), RESTORE)


def _revision(connection: Connection) -> Iterator[Check]:
    current, ours = revision_of(connection), revisions()
    standing = ours.standing(current)
    if standing == "healthy":
        yield passed("revision", f"{current} is the head")
    elif current is None:
        yield failed("revision", f"the database was never migrated, the head is {ours.head}", MIGRATE)
    elif standing == "behind":
        yield failed("revision", f"the database is behind, at {current}; the head is {ours.head}", MIGRATE)
    else:
        what = f"the database is ahead, at {current}, which this code does not know; its head is {ours.head}"
        yield failed("revision", what, "run the check of the code that made this revision, and deploy it")


def _schema(metadata: MetaData, connection: Connection) -> Iterator[Check]:
    live = live_shape(connection, metadata.tables)
    wanted = model_shape(connection, metadata)
    kinds = {"table": "tables", "column": "columns", "constraint": "constraints", "index": "indexes"}
    for kind, name in kinds.items():
        found = differences(live, wanted, kind)
        if found:
            more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            yield failed(name, "; ".join(found[:SHOWN]) + more, RESHAPE)
        else:
            count = sum(part.kind == kind for part in live)
            yield passed(name, f"{count}, as the models have them")
    yield _feed_index(live)


def _feed_index(live: Shape) -> Check:
    found = live.get(Part("index", "tasks", "idx_user_id"))
    if found is None:
        return failed("idx_user_id", "tasks has no such index", RESHAPE)
    if not found.startswith("(user_id"):
        return failed("idx_user_id", f"it is on {found}, which does not start with user_id", RESHAPE)
    return passed("idx_user_id", f"tasks {found}")


def _plans(metadata: MetaData, connection: Connection) -> Iterator[Check]:
    there = live_shape(connection, metadata.tables)
    for table in metadata.sorted_tables:
        name = f"plan of {table.name}"
        if Part("column", table.name, "user_id") not in there:
            yield failed(name, "there is no such table with a user_id", RESHAPE)
        elif index := index_for_one_user(connection, table):
            yield passed(name, f"one user's rows are found by {index}")
        else:
            yield failed(name, "one user's rows are found by reading everybody's", RESHAPE)
