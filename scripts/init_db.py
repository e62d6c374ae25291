"""Make the database, migrate it, prove it: `python scripts/init_db.py [--json]`.

Exit 0: it is there, at the head, and sound. 1: a migration or a check failed, and nothing was done by halves.
2: could not begin. Twice is harmless, and so is doing it from several places at once, or beside the service.
"""

import sys

from _command import Told, command, run
from app.core.config import load_settings
from app.core.db.connecting import connect
from app.core.db.making import make_database
from app.core.db.migrations.revisions import current_revision
from app.core.db.migrations.upgrading import upgrade
from app.core.db.url import DatabaseUrl
from app.core.db.verify import Check, verify
from app.models import metadata
from app.models.task import Task

NOTHING = Told(
    {"database": None, "made": False, "before": None, "after": None, "revisions": [], "checks": []}
)


def main(arguments: list[str] | None = None) -> int:
    """Say what was done, a line for each thing, or all as JSON."""
    parser = command("Make the database if it is missing, run all pending migrations, and verify it.")
    given = parser.parse_args(arguments)
    return run(_init, as_json=given.json, empty=NOTHING)


async def _init() -> Told:
    database = load_settings().migration_database
    made = await make_database(database)
    before = await _revision_of(database)
    revisions = await upgrade(database)
    after = await _revision_of(database)
    checks = await verify(database, metadata, Task)
    failed = [check for check in checks if not check.ok]
    return Told(
        {
            "database": str(database),
            "made": made,
            "before": before,
            "after": after,
            "revisions": revisions,
            "checks": checks,
        },
        [
            f"made {database}" if made else f"{database} is there",
            _migrated(before, after, len(revisions)),
            *_verified(checks, failed),
        ],
        f"{len(failed)} of {len(checks)} checks failed" if failed else None,
    )


async def _revision_of(database: DatabaseUrl) -> str | None:
    async with connect(database) as connection:
        return await current_revision(connection)


def _migrated(before: str | None, after: str | None, count: int) -> str:
    if not count:
        return f"at revision {after} already"
    return f"migrated from {before or 'nothing'} to {after}, {count} revision{'s' if count > 1 else ''}"


def _verified(checks: list[Check], failed: list[Check]) -> list[str]:
    return [str(check) for check in failed] or [f"verified, {len(checks)} checks"]


if __name__ == "__main__":
    sys.exit(main())
