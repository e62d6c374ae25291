"""What stands before a handler holds on every path and method that the handler serves."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar, get, route
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler

from app.core.http.providing import provide_in_turn


async def alice_alone(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard."""
    if connection.scope["query_string"] != handler.opt["who"].encode():
        raise NotAuthorizedException


def provide_greeting() -> Iterator[str]:
    """A dependency that is ended after the handler, and waits for nothing."""
    yield "hello"


@route(["/one", "/two"], http_method=["GET", "POST"], guards=[alice_alone], who="alice", status_code=200)
async def greet(greeting: NamedDependency[str]) -> str:
    """Reads something of the request."""
    return greeting


@get("/three", guards=[alice_alone], who="alice")
async def say_nothing() -> None:
    """Reads nothing of it."""


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar(
        [greet, say_nothing], dependencies={"greeting": Provide(provide_greeting)}, openapi_config=None
    )
    provide_in_turn(app)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type] # Litestar's own types of the same
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as found:
        yield found


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/one"), ("POST", "/one"), ("GET", "/two"), ("POST", "/two"), ("GET", "/three")],
)
async def test_guards_are_asked_everywhere(client: httpx.AsyncClient, method: str, path: str) -> None:
    assert (await client.request(method, f"{path}?bob")).status_code == 401
    answer = await client.request(method, f"{path}?alice")
    assert (answer.status_code, answer.text) == (200, "null" if path == "/three" else "hello")
