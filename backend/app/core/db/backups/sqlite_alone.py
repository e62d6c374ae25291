"""A SQLite database that nobody else has open, and the way for another file to take its place."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from app.core.db.errors import name_of
from app.core.files import give_to_owner_of, private_file, private_folder, settle
from app.core.operating import FailedError, RefusedError

BUSY_SECONDS: Final = 2.0
LOGS: Final = ("-wal", "-journal")
BESIDE: Final = (*LOGS, "-shm")
"""What SQLite may lay beside a file; the last has nothing that the others don't have."""
_BUSY: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")
_DAMAGED: Final = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Hold the database of this file alone: its log is moved into it, and who comes is kept out.

    Whoever has it open keeps its log from being left, however idle; and a log left behind would be taken
    for the new file's: so both are one question. A file that is missing is made, empty, to have something
    to hold. One that is damaged can't be held, and is not kept from anybody. Raises RefusedError.
    """
    try:
        private_folder(file.parent)
    except OSError as error:
        raise RefusedError(f"The folder {file.parent} can't be made: {error.strerror}") from None
    if not file.exists():
        _refuse_log(_beside(file, "-wal"))
        private_file(file)
        give_to_owner_of(file.parent, file)
    with closing(_alone(file)):
        yield


def _refuse_log(log: Path) -> None:
    """SQLite would remove it at once: a log of nothing is none, and yet it may be all that is left."""
    if log.exists():
        raise RefusedError(f"{log} is there, and the database that it belongs to is not: move it away first")


def _alone(file: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            f"{file.as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_SECONDS
        )
    except sqlite3.Error as error:
        raise _cant_be_opened(file, error) from None
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()  # somebody may have come in between
    except sqlite3.Error as error:
        if name_of(error).startswith(_DAMAGED):
            return connection
        connection.close()
        raise _cant_be_opened(file, error) from None
    if mode != "delete":
        connection.close()
        raise _in_use(file)
    return connection


def _cant_be_opened(file: Path, error: sqlite3.Error) -> RefusedError:
    if name_of(error).startswith(_BUSY):
        return _in_use(file)
    return RefusedError(f"The database {file} can't be opened: {name_of(error)}")


def _in_use(file: Path) -> RefusedError:
    return RefusedError(f"The database {file} is in use: stop the service, and whatever else has it open")


def put_in_place(new: Path, file: Path, kept: Path | None) -> Path | None:
    """Let `new` take the place of `file`, which is held, and keep what lay there as `kept`, if wanted.

    The name leads to the old file or to the new one at every instant, so that whatever ends this process
    leaves one of them, whole. Returns where the old one is now. Raises FailedError.
    """
    try:
        return _put(new, file, kept)
    except OSError as error:
        where = kept if kept and kept.exists() else file
        raise FailedError(
            f"The new database can't take its place: {error.strerror}. What was there is {where}"
        ) from None


def _put(new: Path, file: Path, kept: Path | None) -> Path | None:
    was_there = file.stat().st_size > 0
    new.chmod(file.stat().st_mode & 0o777)
    give_to_owner_of(file, new)
    if kept and was_there:
        _keep(file, kept)
    for suffix in BESIDE:  # left by what was damaged: nothing of it may be taken for the new one's
        if kept and suffix in LOGS and _beside(file, suffix).exists():
            os.replace(_beside(file, suffix), _beside(kept, suffix))
        _beside(file, suffix).unlink(missing_ok=True)
    os.replace(new, file)
    settle(file.parent)
    return kept if was_there else None


def _keep(file: Path, kept: Path) -> None:
    try:
        os.link(file, kept)
    except OSError:  # a file system without hard links: there is an instant without either
        os.replace(file, kept)


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)
