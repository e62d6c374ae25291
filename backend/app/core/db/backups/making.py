"""Making a backup: one file, of one moment, while the service writes."""

import asyncio
import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.backups.container import Packing, packing
from app.core.db.backups.manifest import Kind, Manifest, TableOf, file_name, told
from app.core.db.backups.portable import pack_rows
from app.core.db.backups.postgres_dump import DUMP, dump
from app.core.db.backups.postgres_tools import Tool, tool
from app.core.db.backups.sqlite_snapshot import COPY, copy_snapshot, faults_of, url_of
from app.core.db.backups.tables import tables_in
from app.core.db.connecting import refuse_missing
from app.core.db.copying.lines import RowError
from app.core.db.copying.reading import digests_of, snapshot
from app.core.db.migrations.revisions import current_revision, revisions
from app.core.db.url import DatabaseUrl
from app.core.files import private_folder, put_down
from app.core.operating import FailedError, Progress, RefusedError, silent

SUFFIX: Final = ".zip"
STAGING: Final = (".daybook-", ".part")
"""How the folder is called in which a backup is made, beside where it will lie."""
OF_A_DISK: Final = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EEXIST),
)
"""What is wrong with a place, not with the work: an OSError's number."""


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How to go about it: `tools` is the folder of Postgres's programs, if they are not on the path."""

    app_version: str
    portable: bool = False
    tools: Path | None = None
    progress: Progress = silent


@dataclass(frozen=True)
class Made:
    """A backup that was made; `why_portable` says why Postgres's own programs did not make it."""

    file: Path
    manifest: Manifest
    why_portable: str | None = None


@dataclass(frozen=True)
class _Contents:
    kind: Kind
    engine_version: str
    revision: str
    tables: tuple[TableOf, ...]
    tool: str | None = None
    why_portable: str | None = None


async def back_up(database: DatabaseUrl, models: MetaData, target: Path, ways: Ways) -> Made:
    """Write a backup to `target`: a file that is not there yet, `….zip`, or a folder to have one in.

    Whatever goes wrong, nothing is left of it. Raises RefusedError, UnreachableError, FailedError.
    """
    refuse_missing(database)
    folder, name = _place_of(target)
    began = datetime.now(UTC)
    with _staging(folder) as staging:
        with packing(staging / "backup.zip") as packed:
            contents = await _pack(database, models, packed, staging, ways)
            _refuse_ahead(contents.revision)
            manifest = _manifest_for(database, contents, packed, began, ways.app_version)
            packed.finish(manifest)
        file = folder / (name or file_name(manifest))
        put_down(staging / "backup.zip", file)
    return Made(file, manifest, contents.why_portable)


async def back_up_within(
    connection: AsyncConnection, database: DatabaseUrl, models: MetaData, file: Path, ways: Ways
) -> None:
    """The same for what a transaction sees, in the portable way."""
    began = datetime.now(UTC)
    with _staging(file.parent) as staging:
        with packing(staging / "backup.zip") as packed:
            contents = await _pack_portable(connection, models, packed, ways.progress)
            packed.finish(_manifest_for(database, contents, packed, began, ways.app_version))
        put_down(staging / "backup.zip", file)


def _manifest_for(
    database: DatabaseUrl, contents: _Contents, packed: Packing, began: datetime, app_version: str
) -> Manifest:
    """What the backup says of itself."""
    return Manifest(
        kind=contents.kind,
        engine=database.dialect,
        engine_version=contents.engine_version,
        database=str(database),
        tool=contents.tool,
        revision=contents.revision,
        app_version=app_version,
        began_at=began,
        ended_at=datetime.now(UTC),
        tables=contents.tables,
        payload=tuple(packed.members),
    )


def _place_of(target: Path) -> tuple[Path, str | None]:
    """The folder to write to, and the name of the file if the operator gave one, by its `.zip`.

    What is not there yet is a folder else: as a file it would be made once, and in the way ever after.
    """
    if target.is_dir():
        return target, None
    if target.exists():
        raise RefusedError(f"{target} is there already; name another file, or a folder")
    return (target.parent, target.name) if target.suffix == SUFFIX else (target, None)


def _refuse_ahead(revision: str) -> None:
    """It may have tables that this code does not know of."""
    if revisions().standing(revision) == "ahead":
        raise RefusedError(
            f"The database is ahead, at {revision}, which this code does not know: back it up with the code"
            " that made this revision"
        )


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A folder of our own, on the same disk, gone at the end."""
    prefix, suffix = STAGING
    try:
        private_folder(folder)
        made = tempfile.TemporaryDirectory(
            prefix=prefix, suffix=suffix, dir=folder, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise RefusedError(f"{folder} can't be written to: {error.strerror}") from None
    try:
        with made as staging:
            yield Path(staging)
    except RowError as error:
        raise FailedError(f"The database holds what is no row: {error}. Nothing was kept") from None
    except OSError as error:
        if error.errno not in OF_A_DISK:
            raise
        raise FailedError(f"{folder} can't be written to: {error.strerror}; nothing was kept") from None


async def _pack(
    database: DatabaseUrl, models: MetaData, packed: Packing, staging: Path, ways: Ways
) -> _Contents:
    if database.file and not ways.portable:
        return await _pack_file(database.file, models, packed, staging, ways.progress)
    async with snapshot(database) as connection:
        if database.dialect == "sqlite" or ways.portable:
            return await _pack_portable(connection, models, packed, ways.progress)
        found = await _usable_dump(connection, database, ways.tools)
        if isinstance(found, Tool):
            return await _pack_dump(connection, database, models, packed, staging, found, ways.progress)
        return replace(await _pack_portable(connection, models, packed, ways.progress), why_portable=found)


async def _pack_file(
    file: Path, models: MetaData, packed: Packing, staging: Path, progress: Progress
) -> _Contents:
    """What is counted is the copy: so nobody is in its way, and it is proven to be readable."""
    copy = staging / COPY
    await asyncio.to_thread(copy_snapshot, file, copy, progress)
    async with snapshot(url_of(copy)) as connection:
        about = await _about(connection, models, progress)
    if faults := faults_of(copy):
        raise FailedError(f"The database is damaged: {'; '.join(faults)}. Nothing was kept")
    packed.add(COPY, copy, compress=True)
    return _Contents("sqlite", *about)


async def _pack_dump(
    connection: AsyncConnection,
    database: DatabaseUrl,
    models: MetaData,
    packed: Packing,
    staging: Path,
    pg_dump: Tool,
    progress: Progress,
) -> _Contents:
    tables = await connection.run_sync(tables_in, models)
    progress(f"pg_dump {pg_dump.major} is at work")
    file = await dump(connection, database, tables, pg_dump, staging)
    packed.add(DUMP, file, compress=False)
    return _Contents("pg_dump", *await _about(connection, models, progress), tool=str(pg_dump.major))


async def _pack_portable(
    connection: AsyncConnection, models: MetaData, packed: Packing, progress: Progress
) -> _Contents:
    version, revision = await _version(connection), await _revision(connection)
    tables = await connection.run_sync(tables_in, models)
    digests = await pack_rows(connection, tables, packed, progress)
    return _Contents("portable", version, revision, told(tables, digests))


async def _about(
    connection: AsyncConnection, models: MetaData, progress: Progress
) -> tuple[str, str, tuple[TableOf, ...]]:
    """The engine's version, the revision, and the tables with their counts and digests."""
    version, revision = await _version(connection), await _revision(connection)
    tables = await connection.run_sync(tables_in, models)
    return version, revision, told(tables, await digests_of(connection, tables, progress))


async def _version(connection: AsyncConnection) -> str:
    question = "SELECT sqlite_version()" if connection.dialect.name == "sqlite" else "SHOW server_version"
    return str(await connection.scalar(text(question)))


async def _revision(connection: AsyncConnection) -> str:
    """Raises RefusedError where there is nothing of ours."""
    revision = await current_revision(connection)
    if revision is None:
        raise RefusedError("The database was never migrated: there is nothing to back up")
    return revision


async def _usable_dump(connection: AsyncConnection, database: DatabaseUrl, folder: Path | None) -> Tool | str:
    """The pg_dump to use, or why there is none."""
    if database.is_pooled:
        return "pg_dump can't go through a pooler: MIGRATION_DATABASE_URL could name the direct host"
    server = int(str(await connection.scalar(text("SHOW server_version_num")))) // 10_000
    found = tool("pg_dump", folder)
    if found is None:
        return "pg_dump is not here"
    if found.major < server:
        return f"pg_dump {found.major} is older than the server, {server}"
    return found
