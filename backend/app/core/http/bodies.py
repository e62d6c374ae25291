"""Request bodies: JSON, strictly of the type that the handler declares."""

import json
import re
from functools import lru_cache
from math import inf
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import Empty

from app.core.errors import Fault, InvalidError, MalformedError, UnsupportedMediaTypeError
from app.core.http.faults import fault_of, pointer_to, unknown_fields
from app.core.http.header_values import header_values

BODY_MAX = 256 * 1024
"""Bytes of a request body; more is a 413."""

LENGTH_DIGITS = 20
"""Of a Content-Length: one that has more is more than anything allowed."""

NO_BODY = b"null"
"""What stands for a body that need not be there and is not."""

_NAMES = msgspec.json.Decoder(dict[str, msgspec.Raw])

# A way back to the root, step by step: a pointer for each place of a body would take its square in memory.
_Way = tuple["_Way | None", str]
_Place = tuple[_Way | None, Any]

_BYTE = re.compile(r"\(byte (\d+)\)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class StrictRequest(Request[str, float, State]):
    """A request whose JSON is decoded straight into the handler's `data` type.

    Litestar would decode to plain objects and convert leniently ("5" becomes 5); msgspec's decoder is
    strict, and reads each byte once.
    """

    async def received(self) -> bytes:
        """The body as it came, which may be none. Raises RequestEntityTooLarge for more than is allowed."""
        if self._body is Empty:
            self._body = self._connection_state.body = await self._receive_all()
        return self._body

    async def _receive_all(self) -> bytes:
        left = self.route_handler.resolve_request_max_body_size() or inf
        for length in header_values(self.scope, b"content-length"):
            if not length.isdecimal():
                raise MalformedError("Content-Length is not a number.")
            digits = length.lstrip("0")
            if len(digits) > LENGTH_DIGITS or int(digits or 0) > left:
                raise RequestEntityTooLarge
        parts: list[bytes] = []
        is_more = True
        while is_more:
            message: Any = await self.receive()
            if message["type"] == "http.disconnect":
                raise MalformedError("The connection was closed before the end of the body.")
            parts.append(message.get("body", b""))
            is_more = message.get("more_body", False)
            left -= len(parts[-1])
            if left < 0:
                raise RequestEntityTooLarge
        return b"".join(parts)

    async def body(self) -> bytes:
        """The body. Raises MalformedError where there is none and the handler wants one."""
        if body := await self.received():
            return body
        declared = self.route_handler.parsed_data_field
        if declared and declared.is_optional:
            return NO_BODY
        raise MalformedError("The body is empty; send JSON.")

    async def json(self) -> Any:
        """The body as the handler's `data` type; None where there is none and the type allows it.

        Raises UnsupportedMediaTypeError for another media type than JSON, MalformedError for what is
        not JSON in UTF-8, InvalidError with a pointer for what is JSON but not of the type.
        """
        if (body := await self.body()) is NO_BODY:
            return None
        refuse_other_media_types(self.method, header_values(self.scope, b"content-type"))
        declared = self.route_handler.parsed_data_field
        return decode_body(body, declared.annotation if declared else Any)


def refuse_other_media_types(method: str, content_types: list[str]) -> None:
    """Raises UnsupportedMediaTypeError unless there is one content type and it is JSON in UTF-8.

    A merge patch may also be called what it is: application/merge-patch+json (RFC 7396 §4).
    """
    accepted = ("application/json", "application/merge-patch+json")[: 1 + (method == "PATCH")]
    if len(content_types) == 1:
        media_type, *parameters = (part.strip().lower() for part in content_types[0].split(";"))
        charset_is_utf8 = all(p.replace('"', "") == "charset=utf-8" for p in parameters if p)
        if media_type in accepted and charset_is_utf8:
            return
    raise UnsupportedMediaTypeError("Send the body as `Content-Type: application/json` (UTF-8).")


def decode_body(body: bytes, type_: Any) -> Any:
    """The body as an instance of `type_`, or the error that says what is wrong and where."""
    try:
        return _decoder(type_).decode(body)
    except msgspec.ValidationError as error:
        raise InvalidError("The body has an invalid value.", errors=_faults(error, body, type_)) from error
    except UnicodeDecodeError as error:
        raise MalformedError("The body is not UTF-8.") from error
    except RecursionError as error:
        raise MalformedError("The body is nested too deeply.") from error
    except msgspec.DecodeError as error:
        pointer = _lone_surrogate(body)
        if pointer is not None:
            fault = Fault(pointer, "invalid", "Expected text without lone surrogates")
            raise InvalidError("The body has an invalid value.", errors=(fault,)) from error
        place = _BYTE.search(str(error))
        where = f" from byte {place[1]} on" if place else ": it ends too early"
        raise MalformedError(f"The body is not JSON{where}.") from error


def _faults(error: msgspec.ValidationError, body: bytes, type_: Any) -> tuple[Fault, ...]:
    """What msgspec refused first; of fields that there are not, all."""
    fault = fault_of(error, type_)
    if fault.code != "unknown_field":
        return (fault,)
    try:
        names = _NAMES.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return (fault,)  # beyond the first it is no JSON
    return unknown_fields(names, type_) or (fault,)


@lru_cache(maxsize=256)
def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_)


def _lone_surrogate(body: bytes) -> str | None:
    """The pointer to a text with half a surrogate pair, which is JSON but no Unicode text.

    Where it is a name, the pointer is to the object: such a name can't be written.
    """
    try:
        places: list[_Place] = [(None, json.loads(body.decode()))]
    except (ValueError, RecursionError):
        return None
    while places:
        way, value = places.pop()
        if isinstance(value, str) and _SURROGATE.search(value):
            return _pointer_along(way)
        if isinstance(value, dict):
            if any(map(_SURROGATE.search, value)):
                return _pointer_along(way)
            places += [((way, name), item) for name, item in value.items()]
        elif isinstance(value, list):
            places += [((way, str(index)), item) for index, item in enumerate(value)]
    return None


def _pointer_along(way: "_Way | None") -> str:
    steps: list[str] = []
    while way:
        way, step = way
        steps.append(step)
    return pointer_to(*reversed(steps))
