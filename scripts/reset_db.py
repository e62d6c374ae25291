"""Drop Daybook's tables and make them anew, empty: `python scripts/reset_db.py [--yes] [--force] [--json]`.

Exit 0: done. 1: it failed, and all is as it was. 2: could not begin. Other programs' tables in the same
database are left alone. It is one transaction: killed in the midst of it, all is as it was.
"""

import argparse
import sys
from functools import partial

from _command import Told, command, consent, progress, run
from app.core.config import Settings, load_settings
from app.core.db.connecting import refuse_missing
from app.core.db.migrations.resetting import Contents, contents_of, reset
from app.core.db.migrations.revisions import revisions
from app.core.db.url import DatabaseUrl
from app.core.operating import RefusedError
from app.models import metadata

NOTHING = Told({"dropped": {}, "revisions": []})


def main(arguments: list[str] | None = None) -> int:
    """Ask first, with the number of rows that would be gone; say what was done."""
    parser = command("Drop Daybook's tables, and make them anew by the migrations.", destroys=True)
    given = parser.parse_args(arguments)
    return run(partial(_reset, given), as_json=given.json, empty=NOTHING)


async def _reset(given: argparse.Namespace) -> Told:
    settings: Settings = load_settings()
    database = settings.migration_database
    refuse_missing(database)
    contents = await contents_of(database, metadata)
    _refuse_strange(contents, given)
    in_use = _in_use(database, contents)
    consent(settings, f"{_warning(database, contents)}{in_use}", given)
    if in_use:
        progress(in_use.strip())
    done = await reset(database, metadata)
    return Told(
        {"dropped": contents.rows, "revisions": done},
        [
            f"dropped {len(contents.rows)} tables, {sum(contents.rows.values())} rows",
            f"made anew at revision {done[-1]}",
        ],
    )


def _refuse_strange(contents: Contents, given: argparse.Namespace) -> None:
    """Another program may keep its own revisions in a table of the same name."""
    if revisions().standing(contents.revision) == "ahead" and not given.force:
        what = f"The database is at {contents.revision}, which this code does not know"
        raise RefusedError(f"{what}: newer code made it, or another program. Give --force if you mean it.")


def _warning(database: DatabaseUrl, contents: Contents) -> str:
    full = [f"{count} of {name}" for name, count in contents.rows.items() if count]
    lost = (
        f"{', '.join(full)} will be gone for good" if full else "our tables hold no rows; they are made anew"
    )
    return f"{database}: {lost}."


def _in_use(database: DatabaseUrl, contents: Contents) -> str:
    if not contents.others:
        return ""
    if database.file:
        return " A log lies beside the file: if a service has it open, stop that first."
    return f" {contents.others} other connections are open: if a service has them, stop that first."


if __name__ == "__main__":
    sys.exit(main())
