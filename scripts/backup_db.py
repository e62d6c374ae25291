"""Back the database up while the service runs: `python scripts/backup_db.py [--to PATH] [--keep N]`.

Or prove a backup that was made: `--verify FILE`. Exit 0: done. 1: it failed, or the backup is not what it
says. 2: could not begin.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

import _command
import _path  # noqa: F401 (makes `app` importable)
from app import VERSION
from app.core.config import load_settings
from app.core.db.backups.container import opened
from app.core.db.backups.making import Made, Ways, back_up
from app.core.db.backups.manifest import summary
from app.core.db.backups.rotation import rotate, sweep
from app.core.db.backups.unpacking import prove
from app.core.files import private_folder
from app.core.operating import RefusedError
from app.models import metadata

MADE: Final[dict[str, Any]] = {
    "file": None,
    "bytes": 0,
    "why_portable": None,
    "removed": [],
    "manifest": None,
}
VERIFIED: Final[dict[str, Any]] = {"file": None, "wrong": [], "manifest": None}


def main(arguments: list[str] | None = None) -> int:
    """Say what was made, or what was proven."""
    parser = _command.command("Back the database at DATABASE_URL up, or prove a backup.")
    parser.add_argument(
        "--to", type=Path, metavar="PATH", help="a file (….zip), or a folder (else data/backups)"
    )
    parser.add_argument("--portable", action="store_true", help="make one that either engine can restore")
    parser.add_argument("--keep", type=_count, metavar="N", help="afterwards keep only the newest N there")
    parser.add_argument("--tools", type=Path, metavar="FOLDER", help="where pg_dump and pg_restore are")
    parser.add_argument("--verify", type=Path, metavar="FILE", help="prove this backup instead")
    given = parser.parse_args(arguments)
    if given.verify and (given.to or given.portable or given.keep):
        parser.error("--verify makes no backup: leave --to, --portable and --keep out")
    work, empty = (_verify, VERIFIED) if given.verify else (_back_up, MADE)
    return _command.run(partial(work, given), as_json=given.json, empty=_command.Told(empty))


async def _back_up(given: argparse.Namespace) -> _command.Told:
    settings = load_settings()
    target = (given.to or settings.data_dir / "backups").absolute()
    if given.to is None:
        _make(settings.data_dir)
        _make(target)
    made = await back_up(settings.migration_database, metadata, target, _ways(given))
    sweep(made.file.parent)
    gone = rotate(made.file.parent, given.keep, made.file) if given.keep else []
    return _told_made(made, gone)


def _told_made(made: Made, gone: list[Path]) -> _command.Told:
    size = made.file.stat().st_size
    lines = [f"{made.file}: {made.manifest}, {size:,} bytes"]
    if made.why_portable:
        lines.append(f"It is portable, since {made.why_portable}.")
    lines += [f"removed {file.name}" for file in gone]
    fields = {
        "file": str(made.file),
        "bytes": size,
        "why_portable": made.why_portable,
        "removed": [str(file) for file in gone],
        "manifest": summary(made.manifest),
    }
    return _command.Told(fields, lines)


async def _verify(given: argparse.Namespace) -> _command.Told:
    file = given.verify.absolute()
    with opened(file) as backup:
        manifest = backup.manifest
        wrong = await prove(backup, load_settings().migration_database, _ways(given))
    fields = {"file": str(file), "wrong": wrong, "manifest": summary(manifest)}
    if wrong:
        return _command.Told(fields, error=f"failed: {file} is not what it says: {'; '.join(wrong)}")
    lines = [f"{table.name}: {table.rows} rows, {table.sha256}" for table in manifest.tables]
    return _command.Told(fields, [*lines, f"{file} is whole: {manifest}"])


def _ways(given: argparse.Namespace) -> Ways:
    return Ways(
        app_version=VERSION,
        portable=given.portable,
        tools=given.tools,
        progress=_command.progress,
    )


def _make(folder: Path) -> None:
    try:
        private_folder(folder)
    except OSError as error:
        raise RefusedError(f"{folder} can't be made: {error.strerror}") from None


def _count(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 100_000:
        return int(text)
    raise argparse.ArgumentTypeError("expected a number from 1 on")


if __name__ == "__main__":
    sys.exit(main())
