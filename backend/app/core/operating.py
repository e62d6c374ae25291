"""What every operator's command rests on: how it refuses, fails, and asks before it destroys."""

from collections.abc import Callable
from typing import Final

from app.core.config import Settings

Progress = Callable[[str], None]
"""Hears, in the midst of long work, one short line of how far it is."""

YES: Final = "yes"


class RefusedError(Exception):
    """The work did not begin, and nothing was touched: one line, fit for a terminal, without secrets."""


class FailedError(Exception):
    """The work began and failed; the line says what became of the data."""


def silent(_: str) -> None:
    """Progress that nobody watches."""


def consent(
    settings: Settings, what: str, *, yes: bool, force: bool, ask: Callable[[str], str] | None
) -> None:
    """Let what destroys data begin only if its operator means it. Raises RefusedError.

    `what` is a sentence about what will be gone. Outside development `force` is needed, whatever else is
    said; then `yes`, or the word "yes" from `ask`, which is None where nobody is there to be asked.
    """
    if settings.environment != "development" and not force:
        raise RefusedError(f"{what} ENVIRONMENT is {settings.environment}: give --force if you mean it.")
    if yes:
        return
    if ask is None:
        raise RefusedError(f"{what} Nobody is here to be asked: give --yes if you mean it.")
    if ask(f"{what} Write {YES} to go on: ").strip().lower() != YES:
        raise RefusedError("Left as it was.")
