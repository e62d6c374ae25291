"""Whether rows can go from one database to another at all: asked first, by looks that change nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import randbits
from typing import Final

from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.copying.loading import refuse_filled
from app.core.db.copying.reading import snapshot
from app.core.db.migrations.standing import MAKE, refuse_revision
from app.core.db.url import DatabaseUrl
from app.core.operating import RefusedError

TAKE: Final = text("SELECT pg_advisory_xact_lock(:number)")
TRY: Final = text("SELECT pg_try_advisory_xact_lock(:number)")
SCHEMA: Final = text("SELECT current_schema()")


@asynccontextmanager
async def facing(
    source: DatabaseUrl, target: DatabaseUrl, metadata: MetaData
) -> AsyncIterator[AsyncConnection]:
    """A snapshot of the source, once it is known that the target could take its rows.

    Raises RefusedError where the target has rows, either is missing, not at this code's revision or of
    other columns, or both are the same; UnreachableError where one does not answer.
    """
    refuse_absent(source)
    refuse_absent(target, f" {MAKE}")
    if source.file and target.file and source.file.samefile(target.file):
        raise RefusedError(f"{source} and {target} are the same database.")
    async with snapshot(source) as rows:
        await refuse_revision(rows, source)
        await _refuse_other_columns(rows, source, metadata)
        async with snapshot(target) as look:
            await _refuse_same(rows, look, target)
            await refuse_revision(look, target)
            await _refuse_other_columns(look, target, metadata)
            await refuse_filled(look, target, metadata)
        yield rows


def refuse_absent(database: DatabaseUrl, hint: str = "") -> None:
    """Raises RefusedError for a file that is not there: to look for one must not make it."""
    if database.is_memory:
        raise RefusedError("A database in memory is gone with the command: write a file's name.")
    if database.file and not database.file.is_file():
        raise RefusedError(f"{database} does not exist.{hint}")


async def _refuse_other_columns(
    connection: AsyncConnection, database: DatabaseUrl, metadata: MetaData
) -> None:
    """A column that somebody added by hand would not be moved, and nobody would hear of it."""
    for table in metadata.sorted_tables:
        found = await connection.exec_driver_sql(f'SELECT * FROM "{table.name}" WHERE 1 = 0')
        if other := {*found.keys()} ^ {*table.columns.keys()}:
            names = ", ".join(sorted(other))
            raise RefusedError(f"{database} has other columns in {table.name} than this code: {names}.")


async def _refuse_same(one: AsyncConnection, other: AsyncConnection, database: DatabaseUrl) -> None:
    """Whatever their URLs say: a lock that both can't have tells that two names lead to one database."""
    if {one.dialect.name, other.dialect.name} != {"postgresql"}:
        return
    number = {"number": randbits(62)}
    await one.execute(TAKE, number)
    if await other.scalar(TRY, number) or await one.scalar(SCHEMA) != await other.scalar(SCHEMA):
        return
    raise RefusedError(f"Source and target are the same database, {database}.")
