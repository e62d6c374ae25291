"""The portable payload: a member for each table, of its rows' canonical lines."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy import MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.backups.container import CHUNK, Backup, Hashing, Packing
from app.core.db.backups.tables import tables_of
from app.core.db.copying.lines import Digest, RowError, rows_of
from app.core.db.copying.loading import load_rows
from app.core.db.copying.reading import read_rows, report
from app.core.db.errors import name_of
from app.core.operating import FailedError, Progress

AS_IT_WAS: Final = "The database is as it was"
_REFUSED: Final = (
    *(asyncpg.IntegrityConstraintViolationError, asyncpg.DataError),
    *(sqlite3.IntegrityError, UnicodeEncodeError, OverflowError),
)
LINE_BYTES_MAX: Final = 256 * 1024 * 1024
"""More than any row has: what has no end of line for so long is no row."""


def member_of(table: str) -> str:
    """What a table's part of the payload is called."""
    return f"tables/{table}.jsonl"


async def pack_rows(
    connection: AsyncConnection, tables: MetaData, packing: Packing, progress: Progress
) -> dict[str, Digest]:
    """Write every table's lines, and give their digests: of what was written, since it is the same."""
    digests: dict[str, Digest] = {}
    for table in tables.sorted_tables:
        digest = digests[table.name] = Digest()
        with packing.member(member_of(table.name), compress=True) as member:
            async for batch in read_rows(connection, table):
                member.write(batch.lines)
                digest.add(batch)
                report(progress, f"{table.name}: saved", digest.rows, len(batch.rows))
    return digests


async def unpack_rows(connection: AsyncConnection, backup: Backup, progress: Progress) -> None:
    """Load every table's lines into tables that are there and empty, in the transaction that is open.

    Raises FailedError for a line that is no row of its table's.
    """
    for table in tables_of(backup.manifest).sorted_tables:
        count = 0
        with backup.member(member_of(table.name)) as member:
            for lines in _whole_lines(member):
                count += (more := await _load(connection, table, lines))
                report(progress, f"{table.name}: loaded", count, more)


@contextmanager
def refusals(table: str) -> Iterator[None]:
    """Raises FailedError, naming the table, where the rows of a backup are not such as it takes."""
    try:
        yield
    except RowError as error:
        raise FailedError(f"The backup holds rows that are none: {error}. {AS_IT_WAS}") from None
    except _REFUSED as error:
        raise FailedError(f"The database refuses rows of {table}: {name_of(error)}. {AS_IT_WAS}") from None


async def _load(connection: AsyncConnection, table: Table, lines: bytes) -> int:
    with refusals(table.name):
        rows = rows_of(table, lines)
        await load_rows(connection, table, rows)
    return len(rows)


def _whole_lines(member: Hashing) -> Iterator[bytes]:
    """The member in pieces that end where a line ends."""
    rest = b""
    while chunk := member.read(CHUNK):
        rest += chunk
        end = rest.rfind(b"\n") + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > LINE_BYTES_MAX:
            break
    if rest:
        raise FailedError("The backup ends in the middle of a row")
