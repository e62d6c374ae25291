"""Query strings: strictly of the struct that the handler names, documented from the same struct."""

import re
from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar, cast, get_origin
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.datastructures import State
from msgspec import Meta

from app.core.errors import Fault, InvalidError, MalformedError
from app.core.http.faults import fault_of, pointer_to, unknown_fields
from app.core.http.wire import FieldError, Text

Wanted = Annotated[Text, Meta(min_length=1, max_length=200)]
"""A text to look for."""

# Told to clients in the dialect that JSON Schema has (ECMA-262), which knows no \Z.
REFERENCE: Final = re.compile(r"^(none|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$")
Reference = Annotated[
    str, Meta(description="An id, or `none`.", extra_json_schema={"pattern": REFERENCE.pattern})
]
"""What a column may refer to; checked by `refuse_unfit_references`."""

Query = TypeVar("Query", bound=msgspec.Struct)

PARAMETERS_MAX = 100


class PageQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What everything that comes in pages can be asked."""

    limit: Annotated[int, Meta(ge=1, le=200, description="How many items a page holds at most.")] = 50
    cursor: Annotated[str | None, Meta(description="`next_cursor` of the page before.")] = None
    total: Annotated[bool, Meta(description="Whether to count all that match, as `total`.")] = False

    def without_page(self) -> dict[str, object]:
        """The question itself, whichever page of it is asked for."""
        paging = {"limit", "cursor", "total"}
        return {name: getattr(self, name) for name in self.__struct_fields__ if name not in paging}


class ListQuery(PageQuery, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What every list can be asked; each names its own sorts."""

    trash: Annotated[bool, Meta(description="Whether to list the trash instead of what is live.")] = False
    sort: str = "-created_at"


def refuse_unfit_references(query: msgspec.Struct, *fields: str) -> None:
    """Raises FieldError where a list has what is neither an id nor `none`."""
    for field in fields:
        if not all(REFERENCE.fullmatch(text) for text in getattr(query, field)):
            raise FieldError(field, "Expected a UUID or none")


def provide_asked(request: Request[Any, Any, State]) -> msgspec.Struct:
    """The dependency `asked`: the query string, of the type that the handler's `opt` names as `query`."""
    type_: type[msgspec.Struct] = request.route_handler.opt["query"]
    return parse_query(request.scope["query_string"], type_)


def parse_query(query_string: bytes, type_: type[Query]) -> Query:
    """The query string as a `type_`.

    Raises MalformedError for what is not UTF-8, InvalidError for an unknown parameter, one given twice
    that takes one value, or a value that is not of its type.
    """
    if not query_string and not _required(type_):
        return cast(Query, _empty(type_))
    values = _values(_pairs(query_string), _lists(type_))
    if faults := unknown_fields(values, type_):
        raise InvalidError("There is no such query parameter.", errors=faults)
    try:
        asked = msgspec.convert(values, type_, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(fault_of(error, type_)) from error
    # The text "null" would pass for what is not asked at all: `due=null` for any due date.
    for name, field in _names(type_):
        if name in values and getattr(asked, field) is None:
            raise _invalid(Fault(pointer_to(name), "invalid", "Expected a value"))
    return asked


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )
    except UnicodeDecodeError as error:
        raise MalformedError("The query string is not UTF-8.") from error
    except ValueError as error:
        raise MalformedError(f"The query string has more than {PARAMETERS_MAX} parameters.") from error


def _values(pairs: list[tuple[str, str]], lists: frozenset[str]) -> dict[str, Any]:
    """The parameters by name: a list of values where the name takes several."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if "\x00" in value:
            raise _invalid(Fault(pointer_to(name), "invalid", "Expected text without NUL characters"))
        if name in lists:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise _invalid(Fault(pointer_to(name), "repeated", "Expected this parameter at most once"))
        else:
            values[name] = value
    return values


def _invalid(fault: Fault) -> InvalidError:
    return InvalidError("The query string has an invalid value.", errors=(fault,))


@lru_cache(maxsize=64)
def _empty(type_: type[msgspec.Struct]) -> msgspec.Struct:
    return type_()


@lru_cache(maxsize=64)
def _names(type_: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """The parameters, and the struct's names for them."""
    return tuple((field.encode_name, field.name) for field in msgspec.structs.fields(type_))


@lru_cache(maxsize=64)
def _required(type_: type[msgspec.Struct]) -> bool:
    """Whether there is a parameter that must be given."""
    return any(field.required for field in msgspec.structs.fields(type_))


@lru_cache(maxsize=64)
def _lists(type_: type[msgspec.Struct]) -> frozenset[str]:
    """The parameters that take several values."""
    return frozenset(
        field.encode_name for field in msgspec.structs.fields(type_) if get_origin(_bare(field.type)) is list
    )


def _bare(type_: Any) -> Any:
    return type_.__origin__ if hasattr(type_, "__metadata__") else type_
