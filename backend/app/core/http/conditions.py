"""The conditions of a request, from its headers (RFC 9110 §13.1)."""

from typing import Any

from litestar import Request
from litestar.datastructures import State

from app.core.errors import MalformedError
from app.core.http.etags import Version, parse_tags, versions_of
from app.core.http.header_values import header_values

IfMatch = list[Version] | None
"""The row versions that a request names; None where it sets no condition."""


def if_match(request: Request[Any, Any, State]) -> IfMatch:
    """The row versions that If-Match names; None where it is absent, empty where it names none."""
    tags = parse_tags(_joined(request, b"if-match"), "If-Match")
    return None if tags is None else versions_of(tags)


def if_none_match(request: Request[Any, Any, State]) -> list[str]:
    """The tags of If-None-Match; empty where it is absent."""
    return parse_tags(_joined(request, b"if-none-match"), "If-None-Match") or []


def create_only(request: Request[Any, Any, State]) -> bool:
    """Whether `If-None-Match: *` asks that nothing be replaced. Raises MalformedError for tags."""
    tags = if_none_match(request)
    if tags and tags != ["*"]:
        raise MalformedError("If-None-Match takes only * here: create, but do not replace.")
    return bool(tags)


def _joined(request: Request[Any, Any, State], name: bytes) -> str | None:
    values = header_values(request.scope, name)
    return ", ".join(values) if values else None
