"""Restoring: what a backup holds takes the place of what is there, at once or not at all."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import MetaData, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.backups.container import Backup
from app.core.db.backups.portable import AS_IT_WAS
from app.core.db.backups.unpacking import refuse_unknown
from app.core.db.migrations.revisions import revisions
from app.core.db.url import DatabaseUrl
from app.core.operating import FailedError, RefusedError

NAMES: Final = {"sqlite": "SQLite", "postgresql": "Postgres"}
HEADS: Final = "change_heads"
BATCH: Final = 10_000


@dataclass(frozen=True)
class Restored:
    """What came of it: where what was there before is kept, if it is; and how many people's heads are new.

    `is_anew` where tables had to be dropped, and what was granted on them went with them.
    """

    kept: str | None
    revision: str
    heads: int
    is_anew: bool = False


async def refuse_unfit(backup: Backup, database: DatabaseUrl, *, upgrade: bool) -> None:
    """Raises RefusedError where this backup can't be made into that database."""
    manifest = backup.manifest
    if database.is_memory:
        raise RefusedError("A database in memory can only be seen by the process that has it")
    if manifest.kind != "portable" and manifest.engine != database.dialect:
        raise RefusedError(
            f"{backup.file} is of {NAMES[manifest.engine]}, and {database} is {NAMES[database.dialect]}:"
            " only a portable backup (backup_db --portable) goes from one to the other"
        )
    await refuse_unknown(backup.file, manifest)
    if revisions().standing(manifest.revision) == "behind" and not upgrade:
        raise RefusedError(
            f"{backup.file} is of an older revision, {manifest.revision}, than this code's,"
            f" {revisions().head}: give --upgrade to migrate it, or restore it with the code that made it"
        )


def refuse_wrong(wrong: Sequence[str]) -> None:
    """Raises FailedError where a restored database is not what the manifest says."""
    if wrong:
        raise FailedError(
            f"What came of the backup is not what its manifest says: {'; '.join(wrong)}. {AS_IT_WAS}"
        )


async def renew_heads(connection: AsyncConnection, models: MetaData) -> int:
    """Give every person's head a new epoch, since its numbers will be given out again; how many there are.

    What clients know by their old one, tags of rows and lists, and cursors, is void from then on.
    """
    heads = models.tables[HEADS]
    people = (await connection.scalars(select(heads.c.user_id))).all()
    digits: Any = heads.c.epoch.type
    renew = update(heads).where(heads.c.user_id == bindparam("who")).values(epoch=bindparam("new"))
    for start in range(0, len(people), BATCH):
        batch = people[start : start + BATCH]
        await connection.execute(
            renew, [{"who": who, "new": secrets.token_hex(digits.length // 2)} for who in batch]
        )
    return len(people)
