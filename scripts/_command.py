"""What the operator's commands share: their flags, their exit codes, and how they tell.

Exit 0: done. 1: it failed. 2: it could not begin. With --json, one object on standard output:
`ok`, `error` (a line, or null), and what the command has to tell. Progress goes to standard error.
"""

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TextIO

import msgspec
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

import _path  # noqa: F401 (makes `app` importable)
from app.core import operating
from app.core.config import Settings, SettingsError
from app.core.db.connecting import UnreachableError
from app.core.db.errors import DATABASE_ERRORS, name_of, reason_of
from app.core.db.migrations.running import ObstructedError, RevisionFailedError
from app.core.db.migrations.transaction import OrphansError
from app.core.operating import FailedError, RefusedError

FAILURES: Final = (FailedError, CommandError, OrphansError, ObstructedError, RevisionFailedError)
"""What says itself what became of the data."""
EPILOG: Final = (
    "It reads the service's settings, from the environment or .env. "
    "Exit codes: 0 done; 1 it failed, and says what became of the data; 2 it could not begin."
)
INTERRUPTED: Final = "interrupted; nothing was done by halves"
SAID: Final = ("25006", "28", "40P01", "42501", "53", "55P03", "57")
"""SQLSTATEs of what is wrong with the place, the role or the moment: read-only, no right, no room, a lock."""
DATABASE_FAILURES: Final[tuple[type[Exception], ...]] = (SQLAlchemyError, *DATABASE_ERRORS)


@dataclass(frozen=True)
class Told:
    """What a command has to tell: `fields` as JSON, `lines` to people. With an `error` it failed (exit 1)."""

    fields: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    error: str | None = None


class _Parser(argparse.ArgumentParser):
    """Tells in JSON, where that is asked for, also what is wrong with the command line."""

    as_json = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self.as_json = "--json" in (sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        if self.as_json:
            _say(_json(Told(error=f"could not run: {message}"), 2), sys.stdout)
            self.exit(2)
        super().error(message)


def command(description: str, *, destroys: bool = False) -> argparse.ArgumentParser:
    """A parser with --json, and with --yes and --force where the command destroys data."""
    parser = _Parser(description=description, epilog=EPILOG)
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
    if _is_terminal(sys.stderr):
        _say("\033[K", sys.stderr, end="")  # the last line of progress
    if as_json:
        return code if _say(_json(told, code), sys.stdout) else 1
    if told.lines and not _say("\n".join(told.lines), sys.stdout):
        code = code or 1
    if told.error:
        _say(f"could not {verb}: {told.error}" if verb else told.error, sys.stderr)
    return code


def consent(settings: Settings, what: str, given: argparse.Namespace) -> None:
    """As `app.core.operating.consent`; asks on the terminal, where there is one."""
    ask = _ask if _is_terminal(sys.stdin) and not given.json else None
    operating.consent(settings, what, yes=given.yes, force=given.force, ask=ask)


def progress(line: str) -> None:
    """One line of progress; on a terminal it takes the place of the one before."""
    if _is_terminal(sys.stderr):
        _say(f"\033[K{line}", sys.stderr, end="\r")
    else:
        _say(line, sys.stderr)


def _ask(question: str) -> str:
    """The answer; Ctrl-C and Ctrl-D are a no. Within asyncio the first Ctrl-C would be waited out."""
    alone = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.default_int_handler) if alone else None
    try:
        _say(question, sys.stderr, end="")
        return input("")
    except (EOFError, KeyboardInterrupt):
        _say("", sys.stderr)
        return ""
    finally:
        if alone:
            signal.signal(signal.SIGINT, before)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _say(text: str, stream: TextIO | None, end: str = "\n") -> bool:
    """Say it, and whether that was possible: who stops listening, as `| head` does, has heard enough."""
    if stream is None:  # closed before we began; to print, None is standard output
        return True
    try:
        print(text, end=end, file=stream, flush=True)
    except OSError as error:
        # What is left in the stream is flushed at the end, and would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if stream is sys.stderr or isinstance(error, BrokenPipeError):
            return True
        _say(f"what it had to tell could not be written: {error.strerror}", sys.stderr)
        return False
    return True


def _json(told: Told, code: int) -> str:
    return msgspec.json.encode({"ok": code == 0, "error": told.error, **told.fields}).decode()


def _reason(error: Exception) -> str:
    """What went wrong, by its code; in the database's own words where those have nothing of a row's."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    code = name_of(error)
    return f"{reason_of(error)} ({code})" if code.startswith(SAID) else code


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
        return Told(fields, error=f"{failed}the database: {_reason(error)}"), 1
    except KeyboardInterrupt:
        return Told(fields, error=f"{failed}{INTERRUPTED}"), 1
    return told, 1 if told.error else 0
