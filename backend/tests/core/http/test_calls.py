"""A handler that is called without a detour gets what Litestar would give it, in the order it would."""

import re
from collections.abc import AsyncIterator, Iterator
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, Request, Response, get, post, route
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter
from litestar.routes import HTTPRoute

from app.core.http.answers import API_PATH, Rendered
from app.core.http.calls import Call, call_without_detour
from app.main import wire

Told = list[str]
LETTER = "01890000-0000-7000-8000-000000000000"


async def alice_alone(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard."""
    if connection.scope["query_string"] != handler.opt["who"].encode():
        raise NotAuthorizedException


def provide_greeting() -> Iterator[str]:
    """A dependency that is ended after the handler, and waits for nothing: not what a `Call` gives."""
    yield "hello"


def provide_name(request: Request[Any, Any, Any]) -> str:
    """A dependency on the request."""
    return request.query_params.get("name", "nobody")


def provide_address(name: NamedDependency[str], request: Request[Any, Any, Any]) -> str:
    """A dependency on another."""
    return f"{request.method} {name}"


async def provide_told(request: Request[Any, Any, Any]) -> AsyncIterator[Told]:
    """Something lent: what becomes of it is to be told to whoever looks at the app's state."""
    told: Told = request.app.state.told
    told.append("lent")
    try:
        yield told
    except BaseException:
        told.append("rolled back")
        raise
    told.append("given back")


@route(["/one", "/two"], http_method=["GET", "POST"], guards=[alice_alone], who="alice", status_code=200)
async def greet(greeting: NamedDependency[str]) -> str:
    """Reads something of the request."""
    return greeting


@get("/three", guards=[alice_alone], who="alice")
async def say_nothing() -> None:
    """Reads nothing of it."""


@route(["/four", "/five"], http_method=["GET", "POST"], guards=[alice_alone], who="alice", status_code=200)
async def greet_back(name: NamedDependency[str]) -> str:
    """What a `Call` gives."""
    return name


@post("/letters/{letter_id:uuid}", status_code=200)
async def write(
    letter_id: FromPath[UUID],
    data: JSONBody[dict[str, int]],
    address: NamedDependency[str],
    told: NamedDependency[Told],
    request: Request[Any, Any, Any],
) -> str:
    """All that a `Call` gives."""
    told.append("written")
    if not data:
        raise ValueError
    return f"{letter_id.version} {data} {address} {request.url.path[:8]}"


def provide_length(told: NamedDependency[Told]) -> int:
    """A dependency on what is lent."""
    return len(told)


@get("/late")
async def look_late(length: NamedDependency[int]) -> int:
    """What Litestar gives."""
    return length


@get("/refused")
async def refused(told: NamedDependency[Told], who_else: NamedDependency[str]) -> None:
    """Asks for what nobody gets."""
    told.append(who_else)


def refuse(request: Request[Any, Any, Any]) -> str:
    """A dependency that refuses the request."""
    raise NotAuthorizedException


@get("/unfit")
async def unfit(told: NamedDependency[Told]) -> object:
    """Answers with what can't be rendered."""
    told.append("written")
    return object()


class Kind(Enum):
    """What a part of a path may be."""

    A = "a"


@get("/kinds/{kind:str}")
async def kinds(kind: FromPath[Kind]) -> str:
    """Takes more of the path than the router knows."""
    return f"{kind!r}"


@get("/bounded/{word:str}")
async def bounded(word: Annotated[str, PathParameter(max_length=3)]) -> str:
    """Takes less of the path than the router gives."""
    return word


async def add_header(response: Response[Any]) -> Response[Any]:
    """What happens after a handler."""
    response.headers["x-after"] = "yes"
    return response


@get("/after", after_request=add_header)
async def after() -> Response[Any]:
    """Has something happen after it."""
    return Rendered(b"{}", 200, {})


@get("/search")
async def search(q: FromQuery[int]) -> int:
    """What Litestar gives."""
    return q


@pytest.fixture
def app() -> Litestar:
    app = Litestar(
        [
            *(greet, say_nothing, greet_back, write, search, look_late, refused, unfit),
            *(kinds, bounded, after),
        ],
        dependencies={
            "greeting": Provide(provide_greeting),
            "name": Provide(provide_name, sync_to_thread=False),
            "address": Provide(provide_address, sync_to_thread=False),
            "told": Provide(provide_told),
            "length": Provide(provide_length, sync_to_thread=False),
            "who_else": Provide(refuse, sync_to_thread=False),
        },
        openapi_config=None,
    )
    app.state.told = []
    call_without_detour(app)
    return app


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type] # Litestar's own types of the same
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as found:
        yield found


@pytest.mark.parametrize(
    ("method", "path", "text"),
    [
        *[(method, path, "hello") for path in ("/one", "/two") for method in ("GET", "POST")],
        *[(method, path, "nobody") for path in ("/four", "/five") for method in ("GET", "POST")],
        ("GET", "/three", "null"),
    ],
)
async def test_guards_are_asked_everywhere(
    client: httpx.AsyncClient, method: str, path: str, text: str
) -> None:
    assert (await client.request(method, f"{path}?bob")).status_code == 401
    answer = await client.request(method, f"{path}?alice")
    assert (answer.status_code, answer.text) == (200, text)


async def test_a_handler_gets_all_that_it_asks_for(client: httpx.AsyncClient, app: Litestar) -> None:
    path = f"/letters/{LETTER}?name=bob"
    answer = await client.post(path, json={"stamps": 1})
    assert (answer.status_code, answer.text) == (200, "7 {'stamps': 1} POST bob /letters")
    assert app.state.told == ["lent", "written", "given back"]


async def test_what_a_handler_raises_goes_by_what_was_lent(client: httpx.AsyncClient, app: Litestar) -> None:
    answer = await client.post(f"/letters/{LETTER}", json={})
    assert answer.status_code == 500
    assert app.state.told == ["lent", "written", "rolled back"]


async def test_nothing_is_lent_to_who_is_refused(client: httpx.AsyncClient, app: Litestar) -> None:
    assert (await client.get("/refused")).status_code == 401
    assert app.state.told == []


async def test_what_was_lent_is_given_back_once_the_answer_is_rendered(
    client: httpx.AsyncClient, app: Litestar
) -> None:
    assert (await client.get("/unfit")).status_code == 500
    assert app.state.told == ["lent", "written", "rolled back"]


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/search?q=12", 200, "12"),
        ("/search?q=no", 400, None),
        ("/late", 200, "1"),
        ("/kinds/a", 200, "<Kind.A: 'a'>"),
        ("/kinds/b", 400, None),
        ("/bounded/abc", 200, "abc"),
        ("/bounded/abcd", 400, None),
    ],
)
async def test_a_handler_that_asks_for_something_else_gets_it_too(
    client: httpx.AsyncClient, path: str, status: int, text: str | None
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert text is None or answer.text == text


async def test_what_happens_after_a_handler_happens(client: httpx.AsyncClient) -> None:
    assert (await client.get("/after")).headers["x-after"] == "yes"


def test_no_handler_of_the_api_makes_the_detour() -> None:
    app = wire()
    found = [
        (route.path, method, app.asgi_router.handle_routing(a_path(route), method)[0])
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path.startswith(API_PATH)
        for method in route.methods - {"OPTIONS"}
    ]
    assert len(found) > 40
    assert [(path, method) for path, method, asgi_app in found if not isinstance(asgi_app, Call)] == []


def a_path(route: HTTPRoute) -> str:
    """One that leads to it."""
    return re.sub(r"{.*?}", LETTER, route.path_format)
