"""All rows of one database into another, or none; and proof that they arrived."""

import time
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.copying.bare import bare_seconds
from app.core.db.copying.checking import Findings, check
from app.core.db.copying.lines import Digest, RowError
from app.core.db.copying.loading import load_rows, loading
from app.core.db.copying.readiness import facing
from app.core.db.copying.reading import digest_of, read_ahead, report
from app.core.db.errors import DATABASE_ERRORS, name_of
from app.core.db.url import DatabaseUrl
from app.core.operating import FailedError, Progress, silent

UNDONE: Final = "nothing was moved, the target is as empty as before"

UNKNOWN: Final = "Run it again: if it finds the target filled, all was moved"
FAILURES: Final[tuple[type[Exception], ...]] = (RowError, *DATABASE_ERRORS)


class UnfitError(FailedError):
    """The source has rows that the target would not keep as they are: they are in `findings`."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(f"{findings.count} rows are not fit to be moved; {UNDONE}")
        self.findings = findings


@dataclass
class Receipt:
    """What was moved: by table the rows and their digest, which is the same of what was read back.

    `seen_at` is the moment as of which; `bare_seconds` what bare loads of the same rows took, if asked.
    """

    seen_at: datetime
    tables: dict[str, Digest] = field(default_factory=dict)
    seconds: float = 0
    bare_seconds: float | None = None

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(digest.rows for digest in self.tables.values())


async def rehearse(
    source: DatabaseUrl, target: DatabaseUrl, metadata: MetaData, progress: Progress = silent
) -> Findings:
    """What would keep `move` from being done, without doing it. Raises as `facing` does, and FailedError."""
    async with facing(source, target, metadata) as rows:
        return await check(rows, metadata, progress)


async def move(
    source: DatabaseUrl,
    target: DatabaseUrl,
    metadata: MetaData,
    progress: Progress = silent,
    *,
    compare: bool = False,
) -> Receipt:
    """Move all rows, in one transaction of the target's, undone unless they arrive as they were.

    Raises as `facing` does, and FailedError: UnfitError where rows of the source are to blame.
    """
    receipt = Receipt(datetime.now(UTC))  # before the source is looked at: what is older is surely moved
    async with facing(source, target, metadata) as rows:
        started = time.monotonic()
        await _into(rows, target, metadata, receipt, progress)
        receipt.seconds = time.monotonic() - started
        if compare:
            receipt.bare_seconds = await bare_seconds(rows, target, metadata, progress)
        return receipt


async def _into(
    rows: AsyncConnection, target: DatabaseUrl, metadata: MetaData, receipt: Receipt, progress: Progress
) -> None:
    loaded = False
    try:
        async with loading(target, metadata) as into:
            if target.dialect == "sqlite":
                # It would take nearly anything. Postgres says no by itself, and need not be asked twice.
                _refuse_unfit(await check(rows, metadata, progress))
            for table in metadata.sorted_tables:
                receipt.tables[str(table.name)] = await _load(rows, into, table, progress)
            for table in metadata.sorted_tables:
                await _read_back(into, table, receipt.tables[str(table.name)], progress)
            loaded = True
    except FAILURES as error:
        reason = str(error) if isinstance(error, RowError) else f"the database: {name_of(error)}"
        if loaded:
            raise FailedError(f"{reason}, at the very end. {UNKNOWN}") from None
        progress("looking for what is wrong")
        _refuse_unfit(await check(rows, metadata, progress))
        raise FailedError(f"{reason}; {UNDONE}") from None


async def _load(rows: AsyncConnection, into: AsyncConnection, table: Table, progress: Progress) -> Digest:
    digest = Digest()
    async with aclosing(read_ahead(rows, table)) as batches:
        async for batch in batches:
            await load_rows(into, table, batch.rows)
            digest.add(batch)
            report(progress, f"{table.name}: moved", digest.rows, len(batch.rows))
    return digest


async def _read_back(into: AsyncConnection, table: Table, moved: Digest, progress: Progress) -> None:
    """Raises RowError where what arrived is not what was sent, to the byte."""
    found = await digest_of(into, table, progress)
    if (found.rows, found.hex) != (moved.rows, moved.hex):
        raise RowError(f"{table.name} is not the same when it is read back")


def _refuse_unfit(findings: Findings) -> None:
    if findings.count:
        raise UnfitError(findings)
