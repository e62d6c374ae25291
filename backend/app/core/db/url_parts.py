"""The text of a database URL, taken apart."""

import re
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

WHAT_TO_WRITE: Final = "write sqlite:///./data/app.db or postgresql://user:password@host/database"


class DatabaseUrlError(ValueError):
    """A URL that can't be used: what is wrong and what to write instead. It never holds a password."""


def split_url(text: str) -> URL:
    """The parts of a database URL, percent-decoded but for the host."""
    _refuse_early(text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise DatabaseUrlError(
            "can't be read; write @ : / ? # [ ] % in user name and password percent-encoded (@ is %40), "
            "and the port as a number"
        ) from None
    if url.host and "@" in url.host:
        raise DatabaseUrlError("has an @ inside the user name or password; write it as %40")
    if re.search(r"\[YOUR.PASSWORD\]", text, re.IGNORECASE):
        raise DatabaseUrlError("still holds the placeholder [YOUR-PASSWORD]; write the password there")
    if any(not character.isprintable() for part in (url.database, url.username) for character in part or ""):
        raise DatabaseUrlError("has an unprintable character; write it without")
    return url


def _refuse_early(text: str) -> None:
    if text[:1] in ("'", '"'):
        raise DatabaseUrlError("is in quotes; write it without")
    if not text.isprintable():
        raise DatabaseUrlError("has a line break or another unprintable character; write it in one line")
    if text.lower().startswith("jdbc:"):
        raise DatabaseUrlError("starts with jdbc:; leave that out and write user:password@ before the host")
    if "://" not in text:
        raise DatabaseUrlError(f"is not a URL; {WHAT_TO_WRITE}")
