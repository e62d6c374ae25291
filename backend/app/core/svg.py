"""SVG as text: elements, numbers, and words of people's that can do no harm there."""

import re
from html import escape
from typing import Final
from unicodedata import combining, east_asian_width

# Of these XML 1.0 forbids all but the last few, which say nothing either.
_UNSAYABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BLANKS: Final = re.compile("[\t\n\r]")
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def element(name: str, /, *inner: str, **attributes: str | float) -> str:
    """An element around markup; `class_` is written `class`, and `text_anchor` with a hyphen."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items()
    )
    return f"<{name}{given}>{''.join(inner)}</{name}>" if inner else f"<{name}{given}/>"


def said(text: str) -> str:
    """A text as markup: escaped, with a replacement for each character that XML can't hold."""
    return escape(_UNSAYABLE.sub("\ufffd", _BLANKS.sub(" ", text)))


def apart(text: str) -> str:
    """A text that turns the direction of no other beside it."""
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"


def number(value: float) -> str:
    """A number with two digits after the point at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def cut(text: str, cells: int) -> str:
    """The text, or as much of it as has room beside an ellipsis; wide characters take two cells."""
    if sum(map(_cells, text)) <= cells:
        return text
    room, end = cells - 1, 0
    while (room := room - _cells(text[end])) >= 0:
        end += 1
    return text[:end].rstrip() + "…"


def _cells(character: str) -> int:
    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1


def _value(value: str | float) -> str:
    return said(value) if isinstance(value, str) else number(value)
