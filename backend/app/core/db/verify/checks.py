"""The checks, in the order in which an operator would want to know."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from app.core.config import Settings
from app.core.db.connecting import DEFERRED, UnreachableError, connect, refuse_missing
from app.core.db.errors import DATABASE_ERRORS, name_of, reason_of
from app.core.db.migrations.preflight import preflight
from app.core.db.migrations.revisions import MIGRATE, revision_of, revisions
from app.core.db.migrations.transaction import NO_TIME_OUTS
from app.core.db.url import DatabaseUrl
from app.core.db.verify.enforced import enforced_checks
from app.core.db.verify.folds import fold_checks, folded_columns
from app.core.db.verify.invariants import foreign_key_checks, invariant_checks, invariants
from app.core.db.verify.lists import ListPlan, list_checks
from app.core.db.verify.plans import index_for_one_user
from app.core.db.verify.report import Check, failed, passed
from app.core.db.verify.row_checks import row_checks
from app.core.db.verify.sample import sample_checks
from app.core.db.verify.service import service_checks
from app.core.db.verify.shape import Part, Shape, differences, live_shape, model_shape
from app.core.db.verify.zones import zone_checks
from app.core.operating import Progress, silent

RESHAPE: Final = (
    f"{MIGRATE}; if the revision is head already, undo what was changed by hand, "
    "or write a migration for what the models have gained"
)
RESTORE: Final = "stop the service and restore a backup that passes this check"
SHOWN: Final = 5
"""How many differences a line names."""
SILENT_SECONDS: Final = 5.0
"""How long it takes until somebody wonders how far it is."""
LOCK_SECONDS: Final = 5
POSTGRES_LIMITS: Final = (
    *NO_TIME_OUTS,
    f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'",
    "SET LOCAL statement_timeout = '30s'",
    # CHECKs, too, look at instants as text.
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL TimeZone = 'UTC'",
)
BUSY: Final = ("SQLITE_BUSY", "55P03", "57014")
READ_ONLY: Final = ("SQLITE_READONLY", "25006", "42501")
DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002")

Checks = Callable[[Connection], Iterator[Check]]


@dataclass(frozen=True)
class Service:
    """What the service brings along that the database's own part of the code does not know.

    Its settings, the statements of its lists, and which zones there are.
    """

    settings: Settings
    lists: tuple[ListPlan, ...]
    is_zone: Callable[[str], bool]


async def verify(
    database: DatabaseUrl,
    metadata: MetaData,
    task: type[Any],
    service: Service | None = None,
    progress: Progress = silent,
) -> list[Check]:
    """Everything about the database, in transactions that are all rolled back.

    `metadata` has the models' tables, `task` is the model to make a sample of. Without a `service` what
    only that sees is not looked at. Raises UnreachableError where nothing can be said.
    """
    refuse_missing(database)
    steps = _steps(database, metadata, task, service)
    found: list[Check] = []
    began = monotonic()
    async with connect(database, lock_seconds=LOCK_SECONDS) as connection:
        for place, (name, step) in enumerate(steps.items(), 1):
            if monotonic() - began > SILENT_SECONDS:
                progress(f"{place} of {len(steps)}: {name}")
            found += await connection.run_sync(_rolled_back, name, step)
        is_wal = await connection.run_sync(_is_wal)
    return found + (await _of_service(service, is_wal=is_wal) if service else [])


def _steps(
    database: DatabaseUrl, metadata: MetaData, task: type[Any], service: Service | None
) -> dict[str, Checks]:
    """The steps by name, each a transaction of its own: on a big database none is open for long."""
    steps: dict[str, Checks] = {
        "connection": partial(_connection, database),
        "integrity": _integrity,
        "revision": _revision,
        "pending migrations": _pending,
        "schema": partial(_schema, metadata),
        "enforced": partial(enforced_checks, metadata),
        "plans": partial(_plans, metadata),
        **{invariant.name: partial(invariant_checks, invariant) for invariant in invariants(metadata)},
        **{f"rows of {table.name}": partial(row_checks, table) for table in metadata.sorted_tables},
    }
    for table in metadata.sorted_tables:
        if folded_columns(table):
            steps[f"folded keys of {table.name}"] = partial(fold_checks, table)
        if service and "time_zone" in table.c:
            steps[f"zones of {table.name}"] = partial(zone_checks, service.is_zone, table)
    if service:
        steps["lists"] = partial(list_checks, metadata, service.lists)
    steps["foreign keys"] = partial(foreign_key_checks, metadata)
    return steps | {"sample": partial(sample_checks, task)}


async def _of_service(service: Service, *, is_wal: bool) -> list[Check]:
    """What the service's own connections see; that they are refused is a finding."""
    try:
        return await service_checks(service.settings, is_wal=is_wal)
    except DATABASE_ERRORS as error:
        what = f"the service's own connection is refused ({name_of(error)}), though this one is not"
        return [failed("service", what, "see the service's log, and DATABASE_URL's options")]


def _is_wal(connection: Connection) -> bool:
    connection.execution_options(**{DEFERRED: True})
    with connection.begin():
        return connection.dialect.name == "sqlite" and connection.scalar(text("PRAGMA journal_mode")) == "wal"


def _pending(connection: Connection) -> Iterator[Check]:
    """Whether the revisions that are to come would pass on these rows."""
    found = preflight(connection)
    for obstacle in found:
        mend = "correct these rows before you migrate: nothing is migrated while they are there"
        yield failed("pending migrations", str(obstacle), mend)
    if not found:
        yield passed("pending migrations", "no row is in the way of any")


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
        reason = reason_of(error)
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
    """Whether the pages of the file hold together; Postgres has nothing like it for any user to ask.

    The CHECKs are left to the checks of rows, which say which rows break them.
    """
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
    try:
        found = list(connection.scalars(text(f"PRAGMA quick_check({SHOWN})")))
    finally:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")
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
