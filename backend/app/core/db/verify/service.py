"""What the service's own connections see: the settings its promises rest on, and how old the engine is."""

import sqlite3
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.config import Settings
from app.core.db import postgres, sqlite
from app.core.db.session import Database, open_database
from app.core.db.verify.report import Check, failed, passed

SQLITE_MIN: Final = (3, 35)
"""The first with RETURNING, and with MATERIALIZED."""
POSTGRES_MIN: Final = 14
"""The first whose instants give whole numbers when they are taken apart."""


class Wanted(NamedTuple):
    """A setting: how it is asked for, what it may be, and how to get there."""

    name: str
    query: str
    values: tuple[str, ...]
    mend: str


_SET: Final = "take it out of DATABASE_URL's options, and undo ALTER ROLE … SET or ALTER DATABASE … SET"
ON_SQLITE: Final = (
    Wanted(
        "service's foreign keys",
        "PRAGMA foreign_keys",
        ("1",),
        "run Python on a SQLite that has foreign keys",
    ),
    Wanted(
        "service's encoding",
        "PRAGMA encoding",
        ("UTF-8",),
        "move the rows to a file that was made with UTF-8",
    ),
)
WAL: Final = Wanted(
    "service's journal",
    "PRAGMA journal_mode",
    ("wal",),
    "put the file on a disk of this machine: WAL needs one",
)
ON_POSTGRES: Final = (
    Wanted("service's time zone", "SHOW timezone", ("UTC",), _SET),
    Wanted(
        "service's encoding",
        "SHOW server_encoding",
        ("UTF8",),
        "move the rows to a database that was made with ENCODING 'UTF8' TEMPLATE template0",
    ),
    Wanted("service's isolation", "SHOW transaction_isolation", ("read committed",), _SET),
    Wanted(
        "service's durability",
        "SHOW synchronous_commit",
        ("on", "local", "remote_write", "remote_apply"),
        _SET,
    ),
)


async def service_checks(settings: Settings, *, is_wal: bool) -> list[Check]:
    """The settings, as the service's own engines have them. Raises what connecting raises.

    A file that the service never opened has no WAL yet (`is_wal`), and to open it as the service does
    would change that: then a database in memory shows what the service's connections are like.
    """
    if settings.database.dialect == "sqlite" and not is_wal:
        settings = settings.model_copy(update={"database_url": "sqlite:///:memory:"})
    database = open_database(settings)
    try:
        return [check async for check in _checks(database)]
    finally:
        await database.dispose()


async def _checks(database: Database) -> AsyncIterator[Check]:
    on_sqlite = database.url.dialect == "sqlite"
    if on_sqlite and database.url.is_memory:
        yield passed(WAL.name, "not wal yet: the service turns it on when it first opens the file")
    settings = ON_SQLITE if on_sqlite else ON_POSTGRES
    for wanted in (*settings, WAL) if on_sqlite and not database.url.is_memory else settings:
        yield await _check(database, wanted)
    yield await _version(database.reader)


async def _check(database: Database, wanted: Wanted) -> Check:
    """The setting on the connections that write and on those that read."""
    found = {await _asked(engine, wanted.query) for engine in (database.engine, database.reader)}
    wrong = sorted(found.difference(wanted.values))
    if wrong:
        what = f"its connections have {', '.join(wrong)}, not {' or '.join(wanted.values)}"
        return failed(wanted.name, what, wanted.mend)
    return passed(wanted.name, f"{', '.join(sorted(found))}")


async def _asked(engine: AsyncEngine, query: str) -> str:
    """In a transaction that only reads, so that nobody waits for it."""
    async with engine.connect() as connection:
        return str(await (await _reading(connection)).scalar(text(query)))


async def _reading(connection: AsyncConnection) -> AsyncConnection:
    options = sqlite.READ_ONLY if connection.dialect.name == "sqlite" else postgres.READ_ONLY
    return await connection.execution_options(**options)


async def _version(engine: AsyncEngine) -> Check:
    if engine.dialect.name == "sqlite":
        least, found = ".".join(map(str, SQLITE_MIN)), sqlite3.sqlite_version
        is_new = sqlite3.sqlite_version_info >= SQLITE_MIN
    else:
        least, number = str(POSTGRES_MIN), int(await _asked(engine, "SHOW server_version_num"))
        found, is_new = str(number // 10_000), number // 10_000 >= POSTGRES_MIN
    if is_new:
        return passed("version", f"{found}; {least} is enough")
    return failed(
        "version", f"{found} is too old: {least} at least", f"upgrade the engine to {least} or newer"
    )
