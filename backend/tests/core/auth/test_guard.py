"""Who is asking, over HTTP: one header, one answer, and before anything else."""

import logging
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from app.core.auth.guard import provide_user_id, require_user
from app.core.errors import ProblemError
from tests.core.auth.issuer import NOW, Clock, claims_of, new_key, sign, verifier_of

KEY = new_key()
GOOD = sign(KEY, claims_of(sub="alice"))
EXPIRED = sign(KEY, claims_of(sub="alice", exp=NOW - 60))


@get("/who", guards=[require_user])
async def who(user_id: NamedDependency[str]) -> str:
    """Say who asks."""
    return user_id


@post("/write", guards=[require_user])
async def write(user_id: NamedDependency[str], data: JSONBody[dict[str, int]]) -> str:
    """Read a body."""
    return f"{user_id} {len(data)}"


@get("/open")
async def unguarded(user_id: NamedDependency[str]) -> str:
    """Somebody forgot the guard."""
    return user_id


def _answer(_: Request[Any, Any, Any], error: ProblemError) -> Response[str]:
    return Response(error.detail, status_code=error.status, headers=error.headers)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app with the guard on two of its three handlers."""
    app = Litestar(
        [who, write, unguarded],
        dependencies={"user_id": Provide(provide_user_id, sync_to_thread=False)},
        exception_handlers={ProblemError: _answer},
        state=State({"verifier": verifier_of(KEY, Clock())}),
        logging_config=None,
        openapi_config=None,
    )
    transport = httpx.ASGITransport(cast(Any, app))  # two libraries, two spellings of ASGI
    async with httpx.AsyncClient(transport=transport, base_url="http://daybook") as client:
        yield client


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
async def test_the_bearer_is_who_asks(client: httpx.AsyncClient, scheme: str) -> None:
    answer = await client.get("/who", headers={"Authorization": scheme + GOOD})
    assert (answer.status_code, answer.text) == (200, "alice")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", GOOD)],
        [("Authorization", f"Basic {GOOD}")],
        [("Authorization", f"Bearer\t{GOOD}")],
        [("Authorization", f"Bearer{GOOD}")],
        [("Authorization", f"Bearer {GOOD} {GOOD}")],
        [("Authorization", f"Bearer {GOOD}, Bearer {GOOD}")],
        [("Authorization", f"Bearer {GOOD}"), ("Authorization", f"Bearer {GOOD}")],
        [("Authorization", b"Bearer \xff\xfe")],
        [("Authorization", f"Bearer {'x' * 60_000}")],
        [("Authorization", f"Bearer {EXPIRED}")],
        [("Cookie", f"token={GOOD}")],
        [("X-Authorization", f"Bearer {GOOD}")],
    ],
)
async def test_everyone_else_gets_the_one_401(client: httpx.AsyncClient, headers: list[Any]) -> None:
    answer = await client.get("/who", headers=headers)
    assert (answer.status_code, answer.text) == (401, "A valid bearer token is required.")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="daybook"'


async def test_a_token_in_the_query_counts_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/who", params={"access_token": GOOD})
    assert answer.status_code == 401


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"a": "not a number"}', b"x" * 1_000_000])
async def test_who_comes_before_what(client: httpx.AsyncClient, body: bytes) -> None:
    nameless = await client.post("/write", content=body)
    assert nameless.status_code == 401
    named = await client.post("/write", content=b'{"a": 1}', headers={"Authorization": f"Bearer {GOOD}"})
    assert (named.status_code, named.text) == (201, "alice 1")


async def test_a_handler_without_the_guard_fails_closed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/open", headers={"Authorization": f"Bearer {GOOD}"})
    assert answer.status_code == 500
    assert "alice" not in answer.text


async def test_the_log_tells_no_header_from_no_bearer(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app")
    await client.get("/who")
    await client.get("/who", headers={"Authorization": f"Basic {GOOD}"})
    await client.get("/who", headers={"Authorization": f"Bearer {EXPIRED}"})
    assert [record.message for record in caplog.records if record.name.startswith("app")] == [
        "token refused: no_header",
        "token refused: no_bearer",
        "token refused: expired",
    ]
