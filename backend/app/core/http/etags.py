"""Entity tags: what they look like, and what the conditions of a request ask (RFC 9110 §8.8.3, §13.1)."""

import re
from hashlib import sha256
from typing import NamedTuple

from app.core.errors import MalformedError

NO_EPOCH = "0"
"""Stands for the epoch of a person who has never written."""

# Empty elements of a list are to be ignored (RFC 9110 §5.6.1.2).
_ENTITY_TAG = re.compile(r'[ \t,]*(W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|\Z)')
# At most 18 digits: the database's numbers hold them all.
_ROW_TAG = re.compile(r'"r([0-9a-z]{1,32})\.(0|[1-9][0-9]{0,17})"')


class Head(NamedTuple):
    """A person's position: the epoch, and the last number given out in it."""

    epoch: str = NO_EPOCH
    seq: int = 0


class Version(NamedTuple):
    """A row's version: the epoch, and the number of its last change."""

    epoch: str
    seq: int


ANY = Version("*", 0)
"""What `*` names: any version, so long as there is a row."""


def row_tag(epoch: str, seq: int) -> str:
    """A row's strong tag: `"r<epoch>.<seq>"`."""
    return f'"r{epoch}.{seq}"'


def list_tag(representation: str, head: Head) -> str:
    """A list's strong tag: `"l<representation>.<epoch>.<head>"`."""
    return f'"l{representation}.{head.epoch}.{head.seq}"'


def parse_tags(header: str | None, name: str) -> list[str] | None:
    """The entity tags of an If-Match or If-None-Match header, in their quotes; `["*"]` for any.

    If-None-Match compares weakly, so its tags come without `W/`; in If-Match a weak tag equals none.
    None where there is no header. Raises MalformedError for what is not a list of entity tags.
    """
    if header is None:
        return None
    if header.strip() == "*":
        return ["*"]
    tags: list[str] = []
    position = 0
    while match := _ENTITY_TAG.match(header, position):
        tags.append(f"W/{match[2]}" if match[1] and name == "If-Match" else match[2])
        position = match.end()
    if not tags or header[position:].strip(" \t,"):
        raise MalformedError(f'{name} is not a list of entity tags such as "r0123456789ab.7", or *.')
    return tags


def versions_of(tags: list[str]) -> list[Version]:
    """The row versions that the tags name; list tags, weak tags and tags of another make name none."""
    if tags == ["*"]:
        return [ANY]
    found = (_ROW_TAG.fullmatch(tag) for tag in tags)
    return [Version(match[1], int(match[2])) for match in found if match]


def heads_of(tags: list[str], representation: str) -> list[Head]:
    """The heads named by list tags of this very representation."""
    prefix = f'"l{representation}.'
    found = (_ROW_TAG.fullmatch('"r' + tag.removeprefix(prefix)) for tag in tags if tag.startswith(prefix))
    return [Head(match[1], int(match[2])) for match in found if match]


def representation_of(*parts: str) -> str:
    """A short digest of what a list's tag covers beside the head: its shape, the day it was resolved to."""
    return sha256("\0".join(parts).encode()).hexdigest()[:8]
