"""Restoring into SQLite: a file is made beside the database's, and takes its name."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData
from sqlalchemy.exc import SQLAlchemyError

from app.core.db.backups.container import Backup
from app.core.db.backups.making import Ways
from app.core.db.backups.portable import AS_IT_WAS
from app.core.db.backups.restoring import Restored, refuse_wrong, renew_heads
from app.core.db.backups.sqlite_alone import BESIDE, held, put_in_place
from app.core.db.backups.sqlite_snapshot import url_of
from app.core.db.backups.unpacking import unpack_file
from app.core.db.connecting import connect
from app.core.db.errors import name_of
from app.core.db.migrations.revisions import revisions
from app.core.db.migrations.transaction import OrphansError
from app.core.db.migrations.upgrading import upgrade
from app.core.files import settle
from app.core.operating import FailedError

NEW: Final = ".restoring"
KEPT: Final = ".before-restore-"


async def restore_file(backup: Backup, file: Path, models: MetaData, ways: Ways, *, keep: bool) -> Restored:
    """Let the backup take the place of the file, which nobody has open. Raises RefusedError, FailedError."""
    kept = file.with_name(f"{file.name}{KEPT}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    with held(file), _beside(file) as new:
        with _as_it_was(file):
            refuse_wrong(await unpack_file(backup, new, ways))
            await upgrade(url_of(new))
            async with connect(url_of(new)) as connection, connection.begin():
                heads = await renew_heads(connection, models)
            settle(new)
        ways.progress("the new database is whole; it takes its place")
        old = put_in_place(new, file, kept if keep else None)
    return Restored(str(old) if old else None, str(revisions().head), heads)


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A file on the same disk to make the new database in; what a killed restore left there goes first.

    Two can't be at work at once: both would have to hold the database.
    """
    new = file.with_name(file.name + NEW)
    try:
        _remove(new)
        yield new
    finally:
        _remove(new)


@contextmanager
def _as_it_was(file: Path) -> Iterator[None]:
    """What goes wrong here goes wrong beside the database, and FailedError says so."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OrphansError) as error:
        raise FailedError(f"The backup makes no database: {name_of(error)}. {AS_IT_WAS}") from None
    except OSError as error:
        raise FailedError(f"{file.parent} can't be written to: {error.strerror}. {AS_IT_WAS}") from None


def _remove(new: Path) -> None:
    for suffix in ("", *BESIDE):
        new.with_name(new.name + suffix).unlink(missing_ok=True)
