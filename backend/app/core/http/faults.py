"""What is wrong with input, told so that its sender can mend it from that alone."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec.inspect import ListType, LiteralType, Metadata, StructType, Type, UnionType, type_info

from app.core.errors import Fault
from app.core.http.wire import FieldError

_PLACE = re.compile(r" - at `(\$.*?)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]`]+)|\[(\d+)\]|\[\.\.\.\]")
_FIELD = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)
_TYPES = re.compile(r"`([a-z]+(?: \| [a-z]+)*)`")

_WORDS: Final = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
    "uuid": "a UUID",
    "date": "a day such as 2026-05-01",
    "datetime": "an instant with its zone such as 2026-05-01T09:00:00Z",
}
_SENTENCES: Final = {
    "Invalid RFC3339 encoded date": f"Expected {_WORDS['date']}",
    "Invalid RFC3339 encoded datetime": f"Expected {_WORDS['datetime']}",
    "Expected `datetime` with a timezone component": f"Expected {_WORDS['datetime']}",
    "Invalid UUID": "Expected a UUID",
}


def fault_of(error: msgspec.ValidationError, type_: Any) -> Fault:
    """What msgspec refused of a `type_`, with the JSON pointer (RFC 6901) to it."""
    message, steps = str(error), list[str]()
    if match := _PLACE.search(message):
        message = message[: match.start()]
        steps = [step[1] or step[2] or "" for step in _STEP.finditer(match[1])]
    if isinstance(error.__cause__, FieldError):
        cause = error.__cause__
        return Fault(pointer_to(*steps, cause.field), cause.code, message)
    if match := _FIELD.match(message):
        if match[1] == "contains unknown":
            return unknown_field(*steps, match[2])
        return Fault(pointer_to(*steps, match[2]), "required", "This field is required")
    return Fault(pointer_to(*steps), "invalid", _in_plain_words(message, type_, steps))


def unknown_field(*steps: str) -> Fault:
    """A name that is not among those that its place takes."""
    return Fault(pointer_to(*steps), "unknown_field", "There is no such field")


def unknown_fields(names: Iterable[str], type_: Any) -> tuple[Fault, ...]:
    """All names that the struct does not have: who mends one wants to know of the others.

    `type_` is a struct, or a union with one.
    """
    return tuple(unknown_field(name) for name in names if name not in _names_of(type_))


@lru_cache(maxsize=256)
def _names_of(type_: Any) -> frozenset[str]:
    structs = (kind for kind in _kinds(type_info(type_)) if isinstance(kind, StructType))
    return frozenset(field.encode_name for struct in structs for field in struct.fields)


def pointer_to(*steps: str) -> str:
    """The JSON pointer (RFC 6901) to a place."""
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)


def _in_plain_words(message: str, type_: Any, steps: list[str]) -> str:
    """msgspec's message without Python's names for types, and with the values that an enum takes."""
    if message.startswith("Invalid enum value"):
        return f"Expected one of {', '.join(_choices(type_, steps))}"
    if "matching regex" in message and "x00" in message:
        return "Expected text without NUL characters"
    return _SENTENCES.get(message) or _TYPES.sub(_spoken, message)


def _spoken(types: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(name, name) for name in types[1].split(" | "))


def _choices(type_: Any, steps: list[str]) -> list[str]:
    """The values of the enum at a place in a type."""
    kinds = list(_kinds(type_info(type_)))
    for step in steps:
        below = [kind.item_type for kind in kinds if isinstance(kind, ListType)]
        fields = [field for kind in kinds if isinstance(kind, StructType) for field in kind.fields]
        below += [field.type for field in fields if field.encode_name == step]
        kinds = [kind for type_ in below for kind in _kinds(type_)]
    return [str(value) for kind in kinds if isinstance(kind, LiteralType) for value in kind.values]


def _kinds(type_: Type) -> Iterator[Type]:
    """A type without its constraints, or the types that it may be."""
    if isinstance(type_, Metadata):
        yield from _kinds(type_.type)
    elif isinstance(type_, UnionType):
        for kind in type_.types:
            yield from _kinds(kind)
    else:
        yield type_
