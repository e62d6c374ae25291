"""The payload of pg_dump's: made of the snapshot that is counted, and loaded table by table."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.backups.container import CHUNK, Backup
from app.core.db.backups.portable import refusals
from app.core.db.backups.postgres_tools import Tool, connection_string, running, tool
from app.core.db.url import DatabaseUrl
from app.core.operating import FailedError, Progress, RefusedError

DUMP: Final = "database.dump"
VERSION_TABLE: Final = "alembic_version"
LOCK_MILLISECONDS: Final = 10_000
_SCHEMA: Final = text("SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass(:name)")
_END: Final = b"\n\\.\n"


async def dump(
    connection: AsyncConnection, database: DatabaseUrl, tables: MetaData, pg_dump: Tool, folder: Path
) -> Path:
    """Dump the tables as the connection's snapshot has them, to a file in that folder. Raises FailedError."""
    file = folder / DUMP
    snapshot = await connection.scalar(text("SELECT pg_export_snapshot()"))
    names = [*(table.name for table in tables.sorted_tables), VERSION_TABLE]
    schemas = [await connection.scalar(_SCHEMA, {"name": f'"{name}"'}) for name in names]
    arguments = (
        "--format=custom",
        "--encoding=UTF8",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        f"--lock-wait-timeout={LOCK_MILLISECONDS}",
        f"--snapshot={snapshot}",
        *(f'--table={schema}."{name}"' for schema, name in zip(schemas, names, strict=True)),
        f"--file={file}",
        f"--dbname={connection_string(database, folder)}",
    )
    try:
        async with running(pg_dump, *arguments):
            pass
    except FailedError as error:
        raise FailedError(f"{error}; --portable does without it. Nothing was kept") from None
    return file


def restorer(backup: Backup, folder: Path | None) -> Tool:
    """The pg_restore that reads this backup. Raises RefusedError where there is none."""
    needed = int(backup.manifest.tool or 0)
    found = tool("pg_restore", folder)
    if found is None or found.major < needed:
        here = "is not here" if found is None else f"here is of version {found.major}"
        raise RefusedError(
            f"{backup.file} was made by pg_dump {needed}, and pg_restore {here}: install the client programs"
            f" of Postgres {needed} or newer, or say with --tools where they are"
        )
    return found


async def load_dump(
    connection: AsyncConnection, backup: Backup, pg_restore: Tool, folder: Path, progress: Progress
) -> None:
    """Load the rows into tables that are there and empty, in the transaction that is open, parents first.

    pg_restore would do it on a connection of its own, and could not be undone with the rest. Raises
    FailedError, and what the driver raises.
    """
    file = folder / DUMP
    backup.extract(DUMP, file)
    driver: Any = (await connection.get_raw_connection()).driver_connection
    for table in backup.manifest.tables:
        progress(f"{table.name}: loading {table.rows} rows")
        await _load(driver, table.name, pg_restore, file)


async def _load(driver: Any, name: str, pg_restore: Tool, file: Path) -> None:
    arguments = ("--data-only", f"--table={name}", "--file=-", str(file))
    async with running(pg_restore, *arguments) as output:
        columns = await _columns(output)
        if columns is None:
            raise FailedError(f"The backup has no rows of {name}'s, not even none")
        with refusals(name):
            await driver.copy_to_table(name, source=_rows(output), columns=columns)


async def _columns(output: Any) -> list[str] | None:
    """The columns that the rows to follow have; None where none follow."""
    async for line in output:
        if line.startswith(b"COPY "):
            inside = line.decode().partition("(")[2].rpartition(")")[0]
            return [name.strip().strip('"') for name in inside.split(",")]
    return None


async def _rows(output: Any) -> AsyncGenerator[bytes]:
    """The rows in COPY's text format, up to the line that ends them; what follows is read and left."""
    held, start = b"\n", 1  # a line feed before the first row, so that the end is seen where there is none
    is_over = False
    while chunk := await output.read(CHUNK):
        if is_over:
            continue
        held += chunk
        end = held.find(_END)
        is_over = end >= 0
        ready = held[start : end + 1 if is_over else max(start, len(held) - len(_END))]
        if ready:
            yield ready
            held, start = held[start + len(ready) :], 0
    if not is_over:
        raise FailedError("pg_restore ended in the middle of a table")
