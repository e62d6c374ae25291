"""What the operator's commands share: their flags, their exit codes, and how they tell.

Exit 0: done. 1: it failed. 2: it could not begin. With --json, one object on standard output:
`ok`, `error` (a line, or null), and what the command has to tell. Progress goes to standard error.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

import _path  # noqa: F401 (makes `app` importable)
from app.core import operating
from app.core.config import Settings, SettingsError
from app.core.db.connecting import UnreachableError
from app.core.db.errors import DATABASE_ERRORS, name_of
from app.core.db.migrations.running import ObstructedError, RevisionFailedError
from app.core.db.migrations.standing import refuse_revision
from app.core.db.migrations.transaction import OrphansError
from app.core.db.session import Database, reading
from app.core.operating import FailedError, RefusedError

FAILURES: Final = (FailedError, CommandError, OrphansError, ObstructedError, RevisionFailedError)
"""What says itself what became of the data."""
DATABASE_FAILURES: Final[tuple[type[Exception], ...]] = (SQLAlchemyError, *DATABASE_ERRORS)


@dataclass(frozen=True)
class Told:
    """What a command has to tell: `fields` as JSON, `lines` to people. With an `error` it failed (exit 1)."""

    fields: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    error: str | None = None


def command(description: str, *, destroys: bool = False) -> argparse.ArgumentParser:
    """A parser with --json, and with --yes and --force where the command destroys data."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    if destroys:
        parser.add_argument("--yes", action="store_true", help="don't ask")
        parser.add_argument("--force", action="store_true", help="outside development too")
    return parser


def run(
    work: Callable[[], Coroutine[Any, Any, Told]],
    *,
    as_json: bool,
    empty: Told | None = None,
    verb: str | None = None,
) -> int:
    """Do the work, tell of it, and return the exit code. `empty` has the fields to tell with an error.

    With a `verb` every error is told to people as "could not <verb>: …", and as JSON bare.
    """
    told, code = _outcome(work, (empty or Told()).fields, verb)
    if sys.stderr.isatty():
        print("\033[K", end="", file=sys.stderr, flush=True)  # the last line of progress
    if as_json:
        answer = {"ok": code == 0, "error": told.error, **told.fields}
        print(msgspec.json.encode(answer).decode())
        return code
    for line in told.lines:
        print(line)
    if told.error:
        print(f"could not {verb}: {told.error}" if verb else told.error, file=sys.stderr)
    return code


def consent(settings: Settings, what: str, given: argparse.Namespace) -> None:
    """As `app.core.operating.consent`; asks on the terminal, where there is one."""
    ask = input if sys.stdin.isatty() and not given.json else None
    operating.consent(settings, what, yes=given.yes, force=given.force, ask=ask)


async def refuse_other_revision(database: Database, *, may_be_ahead: bool = False) -> None:
    """Raises UnreachableError where it does not answer, RefusedError at another revision."""
    try:
        async with reading(database) as session:
            await refuse_revision(await session.connection(), database.url, may_be_ahead=may_be_ahead)
    except DATABASE_FAILURES as error:
        raise UnreachableError(f"The database {database.url} can't be reached: {name_of(error)}") from None


def progress(line: str) -> None:
    """One line of progress; on a terminal it takes the place of the one before."""
    if sys.stderr.isatty():
        print(f"\033[K{line}", end="\r", file=sys.stderr, flush=True)
    else:
        print(line, file=sys.stderr, flush=True)


def _outcome(
    work: Callable[[], Coroutine[Any, Any, Told]], fields: dict[str, Any], verb: str | None
) -> tuple[Told, int]:
    could_not, failed = ("", "") if verb else ("could not run: ", "failed: ")
    try:
        told = asyncio.run(work())
    except (SettingsError, UnreachableError, RefusedError) as error:
        return Told(fields, error=f"{could_not}{error}"), 2
    except FAILURES as error:
        return Told(fields, error=f"{failed}{error}"), 1
    except DATABASE_FAILURES as error:
        return Told(fields, error=f"{failed}the database: {name_of(error)}"), 1
    except KeyboardInterrupt:
        return Told(fields, error=f"{failed}interrupted"), 1
    return told, 1 if told.error else 0
