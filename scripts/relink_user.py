"""Move all that is one person's to another `sub`: `python scripts/relink_user.py OLD NEW [--dry-run]`.

For when an issuer calls a person by another name; --merge where NEW has rows already. Exit 0: done. 1: it
failed, or the two have conflicts. 2: could not begin. Nothing is changed but at the end, all at once; the
service may run meanwhile.
"""

import argparse
import sys
from typing import Final

from _command import Told, command, consent, progress, run
from app.core.auth.token_checks import is_subject
from app.core.config import Settings, load_settings
from app.core.db.migrations.standing import refuse_unready
from app.core.db.session import Database, open_database
from app.core.operating import RefusedError
from app.core.rows.relinks import Relink, plan_relink, relink
from app.models import metadata

STATEMENT_SECONDS: Final = 3600
"""How long one statement may take: a person may have half a million rows."""
TURN_SECONDS: Final = 120
"""On Postgres half of it is how long a turn is waited for."""


def main(arguments: list[str] | None = None) -> int:
    """Say how many rows of each table were moved, or what stands in the way."""
    parser = command("Move all that is one person's to another `sub`.", destroys=True)
    parser.add_argument("old", help="the `sub` that the rows have now")
    parser.add_argument("new", help="the `sub` that they are to have")
    parser.add_argument("--merge", action="store_true", help="although NEW has rows of their own")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    given = parser.parse_args(arguments)
    return run(lambda: _relink(given), as_json=given.json, empty=_told(given, Relink({}, 0)))


async def _relink(given: argparse.Namespace) -> Told:
    _refuse_names(given.old, given.new)
    settings = load_settings()
    await refuse_unready(settings.database)  # a table that this code does not know would be left behind
    patient = {"db_command_timeout_seconds": STATEMENT_SECONDS, "db_pool_timeout_seconds": TURN_SECONDS}
    database = open_database(settings.model_copy(update=patient))
    try:
        return await _relink_in(database, settings, given)
    finally:
        await database.dispose()


async def _relink_in(database: Database, settings: Settings, given: argparse.Namespace) -> Told:
    planned = await plan_relink(database, metadata, given.old, given.new, merge=given.merge)
    if planned.conflicts or given.dry_run:
        return _told(given, planned)
    what = f"All {planned.total} rows of {given.old} become {given.new}'s"
    consent(settings, f"{what}, among their own: for good." if planned.merges else f"{what}.", given)
    moved = await relink(database, metadata, given.old, given.new, merge=given.merge, progress=progress)
    return _told(given, moved)


def _refuse_names(old: str, new: str) -> None:
    for name, user_id in (("OLD", old), ("NEW", new)):
        if not is_subject(user_id):
            raise RefusedError(
                f"{name} is no `sub`: expected 1 to 255 printable ASCII characters, no spaces."
            )
    if old == new:
        raise RefusedError("OLD and NEW are the same.")


def _told(given: argparse.Namespace, result: Relink) -> Told:
    fields = {
        "old": given.old,
        "new": given.new,
        "dry_run": given.dry_run,
        "rows": result.rows,
        "conflicts": result.conflicts,
    }
    if result.conflicts:
        error = "nothing was changed: of each of these change or remove one of the two, then run it again"
        return Told(fields, result.conflicts, error)
    done = "would move" if given.dry_run else "moved"
    return Told(fields, [f"{table}: {count} {done}" for table, count in result.rows.items() if count])


if __name__ == "__main__":
    sys.exit(main())
