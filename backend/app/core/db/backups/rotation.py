"""Which backups to keep: the newest; and nothing that `backup_db` did not make is ever removed."""

import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.core.db.backups.container import manifest_of
from app.core.db.backups.making import STAGING
from app.core.db.backups.manifest import FILE_NAME, Manifest
from app.core.operating import RefusedError

DAY_SECONDS: Final = 86_400


def rotate(folder: Path, keep: int, made: Path) -> list[Path]:
    """Remove a database's backups in that folder but the newest `keep`, `made` among them; gives what went.

    A backup is what is called as one and has a manifest, which says how old it is, and of which database.
    """
    found = [file for file in folder.iterdir() if FILE_NAME.fullmatch(file.name) and file != made]
    ours = manifest_of(made).database
    manifests = {file: manifest for file in found if (manifest := _manifest(file))}
    began = {file: each.began_at.timestamp() for file, each in manifests.items() if each.database == ours}
    gone = sorted(began, key=lambda file: began[file], reverse=True)[max(0, keep - 1) :]
    for file in gone:
        file.unlink(missing_ok=True)
    return gone


def sweep(folder: Path) -> None:
    """Remove what killed backups left half-made, once it is a day old: before, one may be at work there."""
    prefix, suffix = STAGING
    for left in folder.glob(f"{prefix}*{suffix}"):
        with suppress(OSError):
            if left.is_dir() and time.time() - left.stat().st_mtime > DAY_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _manifest(file: Path) -> Manifest | None:
    try:
        return manifest_of(file)
    except RefusedError:
        return None
