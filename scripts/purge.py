"""Empty the trash of what has lain there for long: `python scripts/purge.py [--days N] [--json]`.

Exit 0: done. 1: a part failed, what was done stays. 2: could not begin. Run it once a day; twice is harmless,
and so is doing it while the service runs.
"""

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from _command import Told, command, run
from app.api import resources
from app.core.config import load_settings
from app.core.db.migrations.standing import refuse_unready
from app.core.db.session import open_database
from app.core.rows.purges import Purged, forget_answers, purge_trash

DAYS_MAX: Final = 36_500
NOTHING: Final = Told({"people": 0, "rows": {}})


def main(arguments: list[str] | None = None) -> int:
    """Say what was removed, a line a table, or all as JSON."""
    parser = command("Remove for good what has lain in the trash for long.")
    parser.add_argument("--days", type=_days, help="how long it has lain there (else TRASH_DAYS, 30)")
    given = parser.parse_args(arguments)
    return run(partial(_purge, given.days), as_json=given.json, empty=NOTHING, verb="purge")


async def _purge(days: int | None) -> Told:
    settings = load_settings()
    await refuse_unready(settings.database, may_be_ahead=True)
    now = datetime.now(UTC)
    before = now - timedelta(days=settings.trash_days if days is None else days)
    database = open_database(settings)
    try:
        purged = await purge_trash(database, resources(), before)
        return _told(purged + await forget_answers(database, now))
    finally:
        await database.dispose()


def _days(text: str) -> int:
    if text.isdecimal() and int(text) <= DAYS_MAX:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected 0 to {DAYS_MAX}")


def _told(purged: list[Purged]) -> Told:
    rows: Counter[str] = Counter()
    for each in purged:
        rows[each.table] += each.rows
    rows += Counter()  # drops those of which nothing went
    people = len({each.user_id for each in purged if each.rows})
    left = len({each.user_id for each in purged if each.is_left})
    return Told(
        {"people": people, "rows": dict(rows)},
        [f"{table}: {count} removed" for table, count in rows.items()] or ["nothing to remove"],
        f"{left} busy with writes of their own; run it again" if left else None,
    )


if __name__ == "__main__":
    sys.exit(main())
