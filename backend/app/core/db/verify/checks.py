"""The checks, in the order in which an operator would want to know."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from app.core.db.migrate import UnreachableError, connect, head_revision, revision_of
from app.core.db.migration_lock import DEFERRED
from app.core.db.url import DatabaseUrl
from app.core.db.verify.plans import index_for_one_user
from app.core.db.verify.report import Check, failed, passed
from app.core.db.verify.sample import sample_checks
from app.core.db.verify.shape import Part, Shape, differences, live_shape, model_shape

MIGRATE: Final = "run `alembic -c migrations/alembic.ini upgrade head`"
RESHAPE: Final = (
    f"{MIGRATE}; if the revision is head already, undo what was changed by hand, "
    "or write a migration for what the models have gained"
)
SHOWN: Final = 5
"""How many differences a line names."""
LOCK_SECONDS: Final = 5
POSTGRES_LIMITS: Final = (
    f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'",
    "SET LOCAL statement_timeout = '30s'",
)
BUSY: Final = ("SQLITE_BUSY", "55P03", "57014")

Checks = Callable[[Connection], Iterator[Check]]


async def verify(database: DatabaseUrl, metadata: MetaData, task: type[Any]) -> list[Check]:
    """Everything about the database, in transactions that are all rolled back.

    `metadata` has the models' tables, `task` is the model to make a sample of. Raises
    UnreachableError where nothing can be said.
    """
    _refuse_missing(database)
    steps: dict[str, Checks] = {
        "connection": partial(_connection, database),
        "revision": _revision,
        "schema": partial(_schema, metadata),
        "plans": partial(_plans, metadata),
        "sample": partial(sample_checks, task),
    }
    async with connect(database, lock_seconds=LOCK_SECONDS) as connection:
        found = [await connection.run_sync(_rolled_back, name, step) for name, step in steps.items()]
    return [check for checks in found for check in checks]


def _refuse_missing(database: DatabaseUrl) -> None:
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
        if error.connection_invalidated or _is_busy(error):
            raise UnreachableError(f"The database can't be looked at now: {reason}") from None
        return [failed(name, f"the database refuses it: {reason}", RESHAPE)]


def _is_busy(error: DBAPIError) -> bool:
    names = (getattr(error.orig, name, None) or "" for name in ("sqlstate", "sqlite_errorname"))
    return any(name.startswith(BUSY) for name in names)


def _connection(database: DatabaseUrl, connection: Connection) -> Iterator[Check]:
    sqlite = connection.dialect.name == "sqlite"
    version = connection.scalar(text("SELECT sqlite_version()" if sqlite else "SHOW server_version"))
    yield passed("connection", f"{database} answers, {'SQLite' if sqlite else 'Postgres'} {version}")


def _revision(connection: Connection) -> Iterator[Check]:
    current, head = revision_of(connection), head_revision()
    if current == head:
        yield passed("revision", f"{current} is the head")
    elif current is None:
        yield failed("revision", f"the database was never migrated, the head is {head}", MIGRATE)
    else:
        mend = f"{MIGRATE}, or run the code that made this revision"
        yield failed("revision", f"the database is at {current}, the head is {head}", mend)


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
