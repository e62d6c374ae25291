"""Empty the trash of what has lain there for long: `python scripts/purge.py [--days N] [--json]`.

Exit 0: done. 1: a part failed, what was done stays. 2: could not begin. Run it once a day; twice is harmless,
and so is doing it while the service runs.
"""

import argparse
import asyncio
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError

import _path  # noqa: F401 (makes `app` importable)
from app.api import resources
from app.core.config import Settings, SettingsError, load_settings
from app.core.db.errors import DATABASE_ERRORS, name_of
from app.core.db.migrate import UnreachableError, current_revision, revisions
from app.core.db.session import Database, open_database, reading
from app.core.db.verify.checks import MIGRATE, refuse_missing
from app.core.rows.purges import Purged, forget_answers, purge_trash

DAYS_MAX: Final = 36_500
FAILURES: Final[tuple[type[Exception], ...]] = (SQLAlchemyError, *DATABASE_ERRORS)


def main(arguments: list[str] | None = None) -> int:
    """Say what was removed, a line a table, or all as JSON."""
    parser = argparse.ArgumentParser(description="Remove for good what has lain in the trash for long.")
    parser.add_argument("--days", type=_days, help="how long it has lain there (else TRASH_DAYS, 30)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    given = parser.parse_args(arguments)
    try:
        settings = load_settings()
        purged = asyncio.run(_purge(settings, settings.trash_days if given.days is None else given.days))
    except (SettingsError, UnreachableError) as error:
        return _could_not(str(error), 2, as_json=given.json)
    except FAILURES as error:
        return _could_not(f"the database: {name_of(error)}", 1, as_json=given.json)
    left = len({each.user_id for each in purged if each.is_left})
    _tell(purged, left, as_json=given.json)
    return 1 if left else 0


async def _purge(settings: Settings, days: int) -> list[Purged]:
    now = datetime.now(UTC)
    refuse_missing(settings.database)
    database = open_database(settings)
    try:
        await _refuse_unready(database)
        purged = await purge_trash(database, resources(), now - timedelta(days=days))
        return purged + await forget_answers(database, now)
    finally:
        await database.dispose()


async def _refuse_unready(database: Database) -> None:
    """Raises UnreachableError where the database does not answer, or has not this code's tables."""
    try:
        async with reading(database) as session:
            revision = await current_revision(await session.connection())
    except FAILURES as error:
        raise UnreachableError(f"the database: {name_of(error)}") from None
    if revisions().standing(revision) == "behind":
        raise UnreachableError(f"The database {database.url} is at an older revision; {MIGRATE} first")


def _days(text: str) -> int:
    if text.isdecimal() and int(text) <= DAYS_MAX:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected 0 to {DAYS_MAX}")


def _tell(purged: list[Purged], left: int, *, as_json: bool) -> None:
    rows: Counter[str] = Counter()
    for each in purged:
        rows[each.table] += each.rows
    rows += Counter()  # drops those of which nothing went
    error = f"{left} busy with writes of their own; run it again" if left else None
    if as_json:
        people = len({each.user_id for each in purged if each.rows})
        told = {"ok": not left, "error": error, "people": people, "rows": dict(rows)}
        print(msgspec.json.encode(told).decode())
        return
    lines = [f"{table}: {count} removed" for table, count in rows.items()]
    print(*lines or ["nothing to remove"], sep="\n")
    if error:
        print(f"could not purge: {error}", file=sys.stderr)


def _could_not(reason: str, code: int, *, as_json: bool) -> int:
    if as_json:
        print(msgspec.json.encode({"ok": False, "error": reason, "people": 0, "rows": {}}).decode())
    else:
        print(f"could not purge: {reason}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
