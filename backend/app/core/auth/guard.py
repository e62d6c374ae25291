"""Who is asking: the guard that lets nobody nameless in, and the `user_id` that handlers see."""

import re
from collections.abc import Iterable
from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import BaseRouteHandler

from app.core.auth.tokens import Verifier, log_refusal
from app.core.errors import UnauthorizedError

# Wider than RFC 6750 §2.1: what is no token at all is refused by the checks, which know its name.
_BEARER: Final = re.compile(rb"bearer +([\x21-\x7e]+)", re.IGNORECASE)


async def require_user(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: it runs before the body is read, so that 401 comes before any word about the input.

    Raises UnauthorizedError, or UnavailableError without the issuer's keys.
    """
    token = bearer_token(connection.scope["headers"])
    verifier: Verifier = connection.app.state.verifier
    connection.scope["user"], connection.scope["auth"] = await verifier.verify_until(token)


def provide_user_id(request: Request[Any, Any, Any]) -> str:
    """The dependency `user_id`: the `sub` of the token that the guard let in."""
    user_id: str | None = request.scope.get("user")
    if not user_id:
        raise ImproperlyConfiguredException(f"{request.scope['path']} wants a user_id but has no guard")
    return user_id


def provide_token_end(request: Request[Any, Any, Any]) -> float:
    """The dependency `token_ends_at`: until when the guard lets this token in, in Unix seconds."""
    ends_at: float = request.scope["auth"]
    return ends_at


def bearer_token(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The token of the one Authorization header. Raises UnauthorizedError."""
    found = [value for name, value in headers if name == b"authorization"]
    match = _BEARER.fullmatch(found[0]) if len(found) == 1 else None
    if match is None:
        log_refusal("no_bearer" if found else "no_header")
        raise UnauthorizedError
    return match[1].decode("ascii")
