"""Prove that the database is what the code expects: `python scripts/verify_db.py [--json]`.

Exit 0: it is. 1: a check failed, and says what mends it. 2: could not run. Nothing in the database is
changed, and nobody waits but a moment for the sample: it may run beside the service.
"""

import sys

from _command import Told, command, progress, run
from app.api import list_plans
from app.core.config import load_settings
from app.core.days import is_zone
from app.core.db.verify import Service, verify
from app.models import metadata
from app.models.task import Task


def main(arguments: list[str] | None = None) -> int:
    """Print one line a check, or all as JSON."""
    given = command("Prove that DATABASE_URL is what the code expects.").parse_args(arguments)
    return run(_verify, as_json=given.json, empty=Told({"checks": []}))


async def _verify() -> Told:
    settings = load_settings()
    service = Service(settings, list_plans(), is_zone)
    checks = await verify(settings.database, metadata, Task, service, progress)
    broken = sum(not check.ok for check in checks)
    error = f"{broken} of {len(checks)} checks failed" if broken else None
    return Told({"checks": checks}, [str(check) for check in checks], error)


if __name__ == "__main__":
    sys.exit(main())
