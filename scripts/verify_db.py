"""Prove that the database is what the code expects: `python scripts/verify_db.py [--json]`.

Exit 0: it is. 1: a check failed. 2: could not run. Nothing in the database is changed.
"""

import argparse
import asyncio
import sys

import msgspec

import _path  # noqa: F401 (makes `app` importable)
from app.core.config import SettingsError, load_settings
from app.core.db.migrate import UnreachableError
from app.core.db.verify import Check, verify
from app.models import metadata
from app.models.task import Task


def main(arguments: list[str] | None = None) -> int:
    """Print one line a check, or all as JSON."""
    parser = argparse.ArgumentParser(description="Prove that DATABASE_URL is what the code expects.")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    as_json: bool = parser.parse_args(arguments).json
    try:
        checks = asyncio.run(verify(load_settings().database, metadata, Task))
    except (SettingsError, UnreachableError) as error:
        if as_json:
            _print_json(ok=False, error=str(error), checks=[])
        else:
            print(f"could not run: {error}", file=sys.stderr)
        return 2
    ok = all(check.ok for check in checks)
    if as_json:
        _print_json(ok=ok, error=None, checks=checks)
    else:
        print(*checks, sep="\n")
    return 0 if ok else 1


def _print_json(*, ok: bool, error: str | None, checks: list[Check]) -> None:
    print(msgspec.json.encode({"ok": ok, "error": error, "checks": checks}).decode())


if __name__ == "__main__":
    sys.exit(main())
