"""Page cursors: where a list goes on, opaque to clients and good for one sort and filter only."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from app.core.errors import MalformedError

Keys = TypeVar("Keys", bound=tuple[Any, ...])

CURSOR_MAX = 8192

_NOT_OURS = "The cursor is not one that this list gave; start without it."


class _Cursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    question: str
    keys: msgspec.Raw


def question_of(*parts: object) -> str:
    """A short digest of what a list was asked for: cursors of another question are refused."""
    return sha256(msgspec.json.encode(parts)).hexdigest()[:12]


def encode_cursor(question: str, keys: object) -> str:
    """The cursor that goes on after the row with these sort keys."""
    cursor = _Cursor(question, msgspec.Raw(msgspec.json.encode(keys)))
    return urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def decode_cursor(text: str, question: str, type_: type[Keys], least: Keys, greatest: Keys) -> Keys:
    """The sort keys in a cursor, of type `type_`, not before `least` and not after `greatest`.

    Raises MalformedError for text that is not a cursor, or one of another sort or filter.
    """
    try:
        cursor = _decoded(text)
        if cursor.question != question:
            raise MalformedError("The cursor belongs to another sort or filter; start without it.")
        keys: Keys = msgspec.json.decode(cursor.keys, type=type_)
        # Only one spelling of a cursor is ours: base64 and JSON would both let others through.
        if least <= keys <= greatest and encode_cursor(question, keys) == text:
            return keys
    except (ValueError, RecursionError) as error:
        raise MalformedError(_NOT_OURS) from error
    raise MalformedError(_NOT_OURS)


def _decoded(text: str) -> _Cursor:
    if len(text) > CURSOR_MAX:
        raise ValueError(text)
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    return msgspec.json.decode(raw, type=_Cursor)
