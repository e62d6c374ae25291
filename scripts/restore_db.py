"""Let a backup take the place of the database: `python scripts/restore_db.py FILE [--upgrade] [--yes]`.

Stop the service first. What was there before is kept. Exit 0: done. 1: it failed, and the database is as it
was. 2: could not begin.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Final

import _command
import _path  # noqa: F401 (makes `app` importable)
from app import VERSION
from app.core.config import load_settings
from app.core.db.backups.container import Backup, opened
from app.core.db.backups.making import Ways
from app.core.db.backups.manifest import summary
from app.core.db.backups.restoring import Restored, refuse_unfit
from app.core.db.backups.restoring_postgres import restore_tables
from app.core.db.backups.restoring_sqlite import restore_file
from app.core.db.url import DatabaseUrl
from app.models import metadata

KEEP_IN: Final = "on Postgres, where to keep what is there now (else data/backups); SQLite's is kept beside"

EMPTY: Final = {"kept": None, "revision": None, "people": 0, "made_anew": False, "manifest": None}


def main(arguments: list[str] | None = None) -> int:
    """Say what was restored, and where the old rows are."""
    parser = _command.command("Let a backup take the place of the database at DATABASE_URL.", destroys=True)
    parser.add_argument("file", type=Path, help="a backup that backup_db made")
    parser.add_argument("--upgrade", action="store_true", help="migrate a backup of an older revision")
    parser.add_argument("--keep-in", type=Path, metavar="FOLDER", help=KEEP_IN)
    parser.add_argument("--discard", action="store_true", help="don't keep what is there now")
    parser.add_argument("--tools", type=Path, metavar="FOLDER", help="where pg_restore is")
    given = parser.parse_args(arguments)
    return _command.run(partial(_restore, given), as_json=given.json, empty=_command.Told(EMPTY))


async def _restore(given: argparse.Namespace) -> _command.Told:
    settings = load_settings()
    database = settings.migration_database
    with opened(given.file.absolute()) as backup:
        await refuse_unfit(backup, database, upgrade=given.upgrade)
        what = f"All that {database} holds is to be replaced by {backup.manifest}."
        _command.consent(settings, what, given)
        ways = Ways(app_version=VERSION, tools=given.tools, progress=_command.progress)
        if database.file:
            restored = await restore_file(backup, database.file, metadata, ways, keep=not given.discard)
        else:
            keep_in = None if given.discard else (given.keep_in or settings.data_dir / "backups").absolute()
            restored = await restore_tables(backup, database, metadata, keep_in, ways)
    return _told(backup, database, restored)


def _told(backup: Backup, database: DatabaseUrl, restored: Restored) -> _command.Told:
    lines = [f"{database} holds {backup.manifest}, at revision {restored.revision}."]
    if restored.kept:
        lines.append(f"What it held before is {restored.kept}: remove it once you don't need it.")
    if restored.is_anew:
        lines.append("Its tables had to be made anew: grant again what you had granted on them.")
    lines.append(f"{restored.heads} people's clients will read everything anew.")
    fields = {
        "kept": restored.kept,
        "revision": restored.revision,
        "people": restored.heads,
        "made_anew": restored.is_anew,
        "manifest": summary(backup.manifest),
    }
    return _command.Told(fields, lines)


if __name__ == "__main__":
    sys.exit(main())
