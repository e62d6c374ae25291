"""Files that are nobody else's business."""

import errno
import os
from contextlib import suppress
from pathlib import Path


def private_folder(folder: Path) -> None:
    """Make the folder where it is missing, for its owner alone; one that is there stays as it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def private_file(file: Path) -> None:
    """Make the file where it is missing, empty, readable for its owner alone.

    What keeps it from being made, whoever opens it next will say.
    """
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def settle(path: Path) -> None:
    """Have the disk itself hold the file; or the folder, that is the names in it, where the system can."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # a folder on Windows, where renames are settled by themselves
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give_to_owner_of(other: Path, file: Path) -> None:
    """Let a file belong to whom another belongs to, or a folder, as far as we may."""
    if hasattr(os, "chown"):
        found = other.stat()
        with suppress(PermissionError):
            os.chown(file, found.st_uid, found.st_gid)


def put_down(made: Path, file: Path) -> None:
    """Give what was made beside it its name, for good. Raises FileExistsError rather than replace a file."""
    settle(made)
    if file.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
    os.replace(made, file)
    settle(file.parent)
