"""Page cursors: where a list goes on, opaque to clients and good for one sort and filter only."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TypeVar

import msgspec

from app.core.errors import MalformedError

Keys = TypeVar("Keys")

CURSOR_MAX = 8192


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


def decode_cursor(text: str, question: str, type_: type[Keys]) -> Keys:
    """The sort keys in a cursor, of type `type_`.

    Raises MalformedError for text that is not a cursor, or one of another sort or filter.
    """
    try:
        if len(text) > CURSOR_MAX:
            raise ValueError  # noqa: TRY301 (one way out for all that is not a cursor)
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        cursor = msgspec.json.decode(raw, type=_Cursor)
        if cursor.question != question:
            raise MalformedError("The cursor belongs to another sort or filter; start without it.")
        return msgspec.json.decode(cursor.keys, type=type_)
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError) as error:
        raise MalformedError("The cursor is not one that this list gave; start without it.") from error
