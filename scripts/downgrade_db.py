"""Take the database one revision back: `python scripts/downgrade_db.py [--yes] [--force] [--json]`.

Exit 0: done. 1: it failed, and all is as it was. 2: could not begin. It first says which tables and columns
go, with how many rows or values; what is dropped comes back empty with the next upgrade.
"""

import argparse
import sys
from functools import partial

from _command import Told, command, consent, run
from app.core.config import load_settings
from app.core.db.connecting import refuse_missing
from app.core.db.migrations.downgrading import Loss, Step, downgrade, losses, step_back
from app.core.db.url import DatabaseUrl

NOTHING = Told({"before": None, "after": None, "dropped": {}})


def main(arguments: list[str] | None = None) -> int:
    """Ask first, with what would be dropped; say what was done."""
    parser = command("Take the database one revision back.", destroys=True)
    given = parser.parse_args(arguments)
    return run(partial(_downgrade, given), as_json=given.json, empty=NOTHING)


async def _downgrade(given: argparse.Namespace) -> Told:
    settings = load_settings()
    database = settings.migration_database
    refuse_missing(database)
    step = await step_back(database)
    lost = await losses(database, step)
    consent(settings, _warning(database, step, lost), given)
    await downgrade(database, step)
    dropped = {_named(loss): loss.rows for loss in lost}
    return Told(
        {"before": step.revision, "after": step.before, "dropped": dropped},
        [
            f"downgraded from {step.revision} to {step.before or 'nothing'}",
            *(f"dropped {loss}" for loss in lost),
        ],
    )


def _warning(database: DatabaseUrl, step: Step, lost: list[Loss]) -> str:
    what = f"drops {', '.join(map(str, lost))}" if lost else "drops no table and no column"
    return f"{database}: going back from {step.revision} ({step.purpose.rstrip('.')}) {what}."


def _named(loss: Loss) -> str:
    return loss.part.table if loss.part.kind == "table" else f"{loss.part.table}.{loss.part.name}"


if __name__ == "__main__":
    sys.exit(main())
