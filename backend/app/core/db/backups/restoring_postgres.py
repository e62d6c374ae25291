"""Restoring into Postgres: one transaction empties our tables, fills them, and proves what came of it.

It needs no other rights than migrations do, so it works where no database may be made; other programs'
tables in the same database are not touched; and what was granted on ours stays, as do views and policies.
Until it commits, everything is as it was, whatever ends it.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.backups.container import Backup
from app.core.db.backups.making import Ways, back_up_within
from app.core.db.backups.postgres_dump import VERSION_TABLE, restorer
from app.core.db.backups.restoring import Restored, refuse_wrong, renew_heads
from app.core.db.backups.tables import tables_in
from app.core.db.backups.unpacking import NOT_ALLOWED, bring_to, scratch, unpack_tables
from app.core.db.connecting import connect
from app.core.db.copying.reading import WHOLE
from app.core.db.errors import name_of
from app.core.db.migrations.revisions import current_revision, revisions
from app.core.db.migrations.transaction import ONE_MIGRATOR
from app.core.db.url import DatabaseUrl
from app.core.operating import RefusedError

LOCK_SECONDS: Final = 5
SERVICE: Final = "daybook"
"""What the service calls its connections, unless DATABASE_URL says otherwise."""
CLOSE: Final = "CLOSE ALL"
"""A table that a cursor has read, though to its end, can't be changed while the cursor is there."""
_BUSY: Final = ("55P03", "40P01")
_REFERRED_TO: Final = ("0A000", "2BP01")
_CONNECTED: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND application_name = :name"
)


async def restore_tables(
    backup: Backup, database: DatabaseUrl, models: MetaData, keep_in: Path | None, ways: Ways
) -> Restored:
    """Let the backup take the place of what our tables hold; that is kept as a backup in `keep_in`.

    Raises RefusedError, UnreachableError, FailedError, and what the driver raises.
    """
    if backup.manifest.kind == "pg_dump":
        restorer(backup, ways.tools)
    async with connect(database) as connection, connection.begin():
        tables = await _alone(connection, database, models)
        kept = await _keep(connection, database, models, keep_in, ways) if tables.tables else None
        try:
            is_anew = await _empty(connection, tables, backup.manifest.revision)
            heads = await _fill(connection, backup, models, ways)
        except BaseException:
            if kept:
                kept.unlink(missing_ok=True)  # it is what the database still holds
            raise
    return Restored(str(kept) if kept else None, str(revisions().head), heads, is_anew)


async def _fill(connection: AsyncConnection, backup: Backup, models: MetaData, ways: Ways) -> int:
    """Fill the empty tables, prove them, and bring them up to date; how many people's heads are new."""
    with scratch() as folder:
        refuse_wrong(await unpack_tables(connection, backup, folder, ways))
    await connection.exec_driver_sql(CLOSE)
    await connection.run_sync(bring_to, str(revisions().head))
    heads = await renew_heads(connection, models)
    await connection.exec_driver_sql(f"ANALYZE {_listed(models)}")
    return heads


async def _alone(connection: AsyncConnection, database: DatabaseUrl, models: MetaData) -> MetaData:
    """Our tables that are there, locked against everybody. Raises RefusedError where the service runs."""
    for statement in (*WHOLE, f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"):
        await connection.exec_driver_sql(statement)
    settings = database.connect_args.get("server_settings", {})
    name = settings.get("application_name", SERVICE)
    if count := await connection.scalar(_CONNECTED, {"name": name}):
        raise RefusedError(
            f"The database {database} is in use: {name} has {count} open; stop the service (a pooler may keep"
            " its connections for some minutes more)"
        )
    try:
        await connection.exec_driver_sql(ONE_MIGRATOR)
        tables = await connection.run_sync(tables_in, models)
        if tables.tables:
            await connection.exec_driver_sql(f"LOCK TABLE {_listed(tables)} IN ACCESS EXCLUSIVE MODE")
    except DBAPIError as error:
        if name_of(error) == NOT_ALLOWED:
            raise RefusedError(
                f"{database.url.username} may not replace what {database} holds: let MIGRATION_DATABASE_URL"
                " name the role that migrates"
            ) from None
        if name_of(error) not in _BUSY:
            raise
        raise RefusedError(f"The database {database} is in use: stop what reads or writes it") from None
    return tables


async def _keep(
    connection: AsyncConnection, database: DatabaseUrl, models: MetaData, folder: Path | None, ways: Ways
) -> Path | None:
    revision = await current_revision(connection)
    if folder is None or revision is None:
        return None
    moment = datetime.now(UTC)
    file = folder / f"before-restore-{moment:%Y%m%dT%H%M%S.%fZ}-{revision}.zip"
    await back_up_within(connection, database, models, file, ways)
    await connection.exec_driver_sql(CLOSE)
    return file


async def _empty(connection: AsyncConnection, tables: MetaData, revision: str) -> bool:
    """Have all our tables, without rows, at this revision; whether they had to go, and came anew.

    So they do where a revision is there that this code does not know: it knows no way back from it either.
    """
    current = await current_revision(connection)
    is_known = current is not None and revisions().standing(current) != "ahead"
    try:
        if tables.tables:
            what = "TRUNCATE" if is_known else "DROP TABLE"
            await connection.exec_driver_sql(f"{what} {_listed(tables)}")
        if not is_known:
            await connection.exec_driver_sql(f"DROP TABLE IF EXISTS {VERSION_TABLE}")
    except DBAPIError as error:
        if name_of(error) not in _REFERRED_TO:
            raise
        raise RefusedError(
            "Another program's table or view refers to ours: take away what refers, and make it again after"
        ) from None
    await connection.run_sync(bring_to, revision)
    return bool(tables.tables) and not is_known


def _listed(tables: MetaData) -> str:
    return ", ".join(f'"{table.name}"' for table in tables.sorted_tables)
