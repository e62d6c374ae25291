"""A backup made into a database again, and held against its manifest."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.backups.container import Backup
from app.core.db.backups.making import OF_A_DISK, Ways
from app.core.db.backups.manifest import Manifest
from app.core.db.backups.portable import unpack_rows
from app.core.db.backups.postgres_dump import VERSION_TABLE, load_dump, restorer
from app.core.db.backups.sqlite_snapshot import COPY, faults_of, url_of
from app.core.db.backups.tables import differences, tables_of
from app.core.db.connecting import connect
from app.core.db.copying.loading import loading
from app.core.db.copying.reading import WHOLE, snapshot
from app.core.db.errors import name_of
from app.core.db.migrations.revisions import config, current_revision, revision_of, revisions
from app.core.db.url import DatabaseUrl, parse_database_url
from app.core.operating import FailedError, RefusedError

NOT_ALLOWED: Final = "42501"
SCRATCH_SCHEMA: Final = "daybook_scratch"
_FULL: Final = ("SQLITE_FULL", "SQLITE_IOERR_WRITE")


async def refuse_unknown(file: Path, manifest: Manifest) -> None:
    """Raises RefusedError for a backup of newer code: what its rows mean, only that code knows.

    And for one with tables that its revision does not have: they may be another program's, in the same
    database, and what a backup says of itself is nobody's leave to write to those.
    """
    if manifest.revision not in revisions().known:
        raise RefusedError(
            f"{file} is of revision {manifest.revision}, which this code does not know: newer code made it,"
            " and can read it"
        )
    async with connect(parse_database_url("sqlite:///:memory:", root=Path())) as memory:
        ours = await memory.run_sync(_tables_at, manifest.revision)
    if others := sorted({table.name for table in manifest.tables} - ours):
        raise RefusedError(f"{file} can't be used: it has tables that are none of ours: {', '.join(others)}")


async def prove(backup: Backup, database: DatabaseUrl, ways: Ways) -> list[str]:
    """Make the backup into a scratch database, and tell what is not as its manifest says, a line each.

    A dump is made into a schema of `database`'s, in a transaction that is rolled back; all others into a
    file of SQLite's. Raises RefusedError where that can't be done.
    """
    await refuse_unknown(backup.file, backup.manifest)
    with scratch() as folder:
        if backup.manifest.kind == "pg_dump":
            return await _prove_dump(backup, database, folder, ways)
        return await unpack_file(backup, folder / "scratch.sqlite3", ways)


async def unpack_file(backup: Backup, file: Path, ways: Ways) -> list[str]:
    """Make the backup into a SQLite file, at the backup's revision; what is wrong with it, a line each."""
    database = url_of(file)
    if backup.manifest.kind == "sqlite":
        backup.extract(COPY, file)
    else:
        async with connect(database) as connection:
            await connection.run_sync(bring_to, backup.manifest.revision)
        async with loading(database, tables_of(backup.manifest)) as connection:
            await unpack_rows(connection, backup, ways.progress)
    if faults := faults_of(file):
        return faults
    async with snapshot(database) as connection:
        return await wrong_in(connection, backup, ways)


async def unpack_tables(connection: AsyncConnection, backup: Backup, folder: Path, ways: Ways) -> list[str]:
    """Load the backup into Postgres's tables, that are empty and at the backup's own revision."""
    if backup.manifest.kind == "pg_dump":
        await load_dump(connection, backup, restorer(backup, ways.tools), folder, ways.progress)
    else:
        await unpack_rows(connection, backup, ways.progress)
    return await wrong_in(connection, backup, ways)


async def wrong_in(connection: AsyncConnection, backup: Backup, ways: Ways) -> list[str]:
    """What of a database is not as the backup's manifest says."""
    revision = await current_revision(connection)
    if revision != backup.manifest.revision:
        return [f"it is at revision {revision}, where the manifest says {backup.manifest.revision}"]
    return await differences(connection, backup.manifest, ways.progress)


def bring_to(connection: Connection, revision: str) -> None:
    """Migrate to a revision that the code knows, up or down."""
    command.upgrade(config(connection), revision)  # which does nothing where that lies behind
    if connection.in_transaction() and revision_of(connection) != revision:
        command.downgrade(config(connection), revision)


def _tables_at(memory: Connection, revision: str) -> set[str]:
    bring_to(memory, revision)
    return {*inspect(memory).get_table_names()} - {VERSION_TABLE}


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of our own, gone at the end. Raises FailedError where there is no room for it."""
    try:
        with tempfile.TemporaryDirectory(prefix="daybook-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except (OSError, sqlite3.OperationalError, OperationalError) as error:
        why = error.strerror if isinstance(error, OSError) and error.errno in OF_A_DISK else name_of(error)
        if why == type(error).__name__ or (not isinstance(error, OSError) and why not in _FULL):
            raise
        raise FailedError(
            f"It can't be unpacked in {tempfile.gettempdir()}: {why}; let TMPDIR name a folder with room."
            " The database is as it was"
        ) from None


async def _prove_dump(backup: Backup, database: DatabaseUrl, folder: Path, ways: Ways) -> list[str]:
    if database.dialect != "postgresql":
        raise RefusedError(
            f"{backup.file} is a dump of Postgres's: set DATABASE_URL to one, to prove it there"
        )
    restorer(backup, ways.tools)
    async with connect(database) as connection:
        transaction = await connection.begin()
        try:
            await _enter_scratch_schema(connection, database)
            await connection.run_sync(bring_to, backup.manifest.revision)
            return await unpack_tables(connection, backup, folder, ways)
        finally:
            await transaction.rollback()


async def _enter_scratch_schema(connection: AsyncConnection, database: DatabaseUrl) -> None:
    try:
        await connection.exec_driver_sql(f"CREATE SCHEMA {SCRATCH_SCHEMA}")
    except DBAPIError as error:
        if name_of(error) != NOT_ALLOWED:
            raise
        raise RefusedError(
            f"{database.url.username} may not make a schema in {database}, to prove it in: let DATABASE_URL"
            " name a Postgres where it may"
        ) from None
    for statement in (f"SET LOCAL search_path TO {SCRATCH_SCHEMA}", *WHOLE):
        await connection.exec_driver_sql(statement)
