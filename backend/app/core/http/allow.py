"""Methods: which of them a path takes, what OPTIONS and a 405 answer in `Allow`, and which only read."""

from functools import partial
from typing import Any, Final, cast

from litestar import Litestar
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.types import Method
from litestar.utils import normalize_path

SAFE_METHODS: Final = ("GET", "HEAD")
"""Of the methods that paths take, those that change nothing (RFC 9110 §9.2.1)."""
NO_METHOD: Final[Any] = "NONE"
"""A method that no path takes."""


def allow_of(app: Litestar, path: str) -> str | None:
    """The value of `Allow` for a path, or None where there is nothing.

    The router itself is asked, by a method that it has to refuse: Litestar's own answers to OPTIONS know
    one route of a path alone, and stand behind the guards, where no browser's preflight comes.
    """
    route = partial(app.asgi_router.handle_routing, path=normalize_path(path))
    try:
        route(method=NO_METHOD)
    except MethodNotAllowedException as error:
        allow = cast(dict[str, str], error.headers)["allow"]
    except NotFoundException:
        return None
    else:
        return None
    try:
        # The router reads parameters after it has found the method: a path that no handler takes is nothing.
        route(method=cast(Method, allow.split(", ")[0]))
    except NotFoundException:
        return None
    return with_head(allow)


def with_head(allow: str) -> str:
    """The same list in order, with HEAD wherever GET is, and OPTIONS."""
    methods = {*allow.split(", "), "OPTIONS"}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))
