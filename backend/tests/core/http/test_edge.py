"""What every request gets and every answer carries, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from app.core.http.edge import SECURITY_HEADERS, Edge
from tests.core.db.databases import checked_out

TASKS = "/api/v1/tasks"
READS = ["GET", "HEAD", "OPTIONS"]
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
ALLOWED = {
    TASKS: ["GET", "HEAD", "OPTIONS", "POST"],
    f"{TASKS}/01900000-0000-7000-8000-000000000000": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"],
    f"{TASKS}/01900000-0000-7000-8000-000000000000/restore": ["OPTIONS", "POST"],
    "/health": READS,
    "/health/db": READS,
    "/schema/openapi.json": READS,
    "/docs": READS,
}


async def answers_of_every_kind(client: httpx.AsyncClient) -> dict[str, httpx.Response]:
    """Alice's answers by what they are."""
    created = await client.post(TASKS, json={"title": "Water the plants"})
    where, tag = created.headers["location"], created.headers["etag"]
    return {
        "201": created,
        "200": await client.get(where),
        "304": await client.get(where, headers={"If-None-Match": tag}),
        "400": await client.post(TASKS, content=b"{", headers={"Content-Type": "application/json"}),
        "401": await client.get(where, headers={"Authorization": "Bearer no.such.token"}),
        "404": await client.get(f"{TASKS}/{where[-1]}"),
        "404 elsewhere": await client.get("/nowhere"),
        "404 beside the document": await client.get("/schema/nowhere"),
        "405": await client.put(TASKS),
        "412": await client.patch(where, json={"completed": True}, headers={"If-Match": '"r0.1"'}),
        "413": await client.post(TASKS, json={"title": "x" * 300_000}),
        "415": await client.post(TASKS, content=b"{}", headers={"Content-Type": "text/plain"}),
        "422": await client.post(TASKS, json={"title": ""}),
        "204": await client.delete(where),
        "204 to options": await client.options("/health"),
    }


async def test_a_request_id_comes_back(nobody: httpx.AsyncClient) -> None:
    for path in ("/health", TASKS, "/nowhere"):
        answer = await nobody.get(path, headers={"X-Request-ID": "A-z_0.9"})
        assert answer.headers["x-request-id"] == "A-z_0.9"


async def test_without_a_request_id_each_answer_has_its_own(nobody: httpx.AsyncClient) -> None:
    given = {(await nobody.get("/health")).headers["x-request-id"] for _ in range(3)}
    assert len(given) == 3


@pytest.mark.parametrize("unfit", ["", "a b", "a\tb", 'a"b', "é", "x" * 129, "a;b"])
async def test_an_unfit_request_id_is_replaced(nobody: httpx.AsyncClient, unfit: str) -> None:
    answer = await nobody.get("/health", headers=[(b"x-request-id", unfit.encode())])
    assert answer.status_code == 200
    assert len(answer.headers["x-request-id"]) == 36
    assert answer.headers["x-request-id"] != unfit


async def test_every_answer_is_safe(alice: httpx.AsyncClient) -> None:
    for kind, answer in (await answers_of_every_kind(alice)).items():
        assert kind.startswith(str(answer.status_code))
        assert answer.headers["x-request-id"], kind
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value, kind
        assert not {"server", "x-powered-by"} & set(answer.headers)


async def test_every_error_is_a_problem_with_the_request_id(alice: httpx.AsyncClient) -> None:
    for kind, answer in (await answers_of_every_kind(alice)).items():
        if kind >= "400":
            assert answer.headers["content-type"] == "application/problem+json", kind
            assert answer.json()["status"] == answer.status_code
            assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_what_has_a_tag_may_be_kept_and_asked_about_and_nothing_else(alice: httpx.AsyncClient) -> None:
    answers = await answers_of_every_kind(alice)
    for kind, answer in answers.items():
        kept = "private, no-cache" if "etag" in answer.headers else "no-store"
        assert answer.headers["cache-control"] == kept, kind
    assert {kind for kind, answer in answers.items() if "etag" in answer.headers} == {
        "201",
        "200",
        "304",
        "412",
    }


async def test_what_a_token_opens_varies_by_it(alice: httpx.AsyncClient) -> None:
    for path in (TASKS, f"{TASKS}/nowhere"):
        assert (await alice.get(path)).headers["vary"] == "Authorization"
    for method in ("GET", "PUT", "OPTIONS"):
        doubled = await alice.request(method, f"{alice.base_url}{TASKS}".replace("/api", "//api"))
        assert doubled.headers["vary"] == "Authorization", method
    assert "vary" not in (await alice.get("/health")).headers


async def test_head_is_get_without_the_body(alice: httpx.AsyncClient) -> None:
    where = (await alice.post(TASKS, json={"title": "Water the plants"})).headers["location"]
    for path in (TASKS, where, "/health", "/schema/openapi.json", "/docs", "/nowhere"):
        got, head = await alice.get(path), await alice.head(path)
        assert head.status_code == got.status_code
        assert head.content == b""
        del got.headers["x-request-id"], head.headers["x-request-id"]
        assert head.headers == got.headers, path
        assert int(head.headers["content-length"]) > 0, path


async def test_head_asks_about_a_copy_as_get_does(alice: httpx.AsyncClient) -> None:
    tag = (await alice.head(TASKS)).headers["etag"]
    answer = await alice.head(TASKS, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.headers["etag"]) == (304, tag)


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
async def test_options_tells_everybody_the_truth(
    nobody: httpx.AsyncClient, path: str, allowed: list[str]
) -> None:
    answer = await nobody.options(path, headers={"Origin": "https://app.example.com"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"].split(", ") == allowed
    for method in METHODS:
        answer = await nobody.request(method, path)
        assert (answer.status_code != 405) == (method in allowed), method
        if answer.status_code == 405:
            assert answer.headers["allow"].split(", ") == allowed


async def test_options_of_nothing_is_404(nobody: httpx.AsyncClient) -> None:
    for path in ("/nowhere", f"{TASKS}/x/y/z", "/api/v1", "*", f"{TASKS}/xyz", f"{TASKS}/xyz/restore"):
        answer = await nobody.options(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
        assert "allow" not in answer.headers


async def test_a_body_that_does_not_arrive_is_a_time_out_and_holds_nothing(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        yield b'{"title": "'
        while True:
            await asyncio.sleep(0.05)
            yield b"x"

    cast(Edge, cast(Any, app.asgi_handler)).body_seconds = 0.3
    headers = {"Content-Type": "application/json"}
    async with asyncio.timeout(5):
        answer = await alice.post(TASKS, content=dripping(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (408, "request_timeout")
    assert answer.headers["connection"] == "close"
    assert checked_out(app.state.database) == 0
    assert (await alice.get(TASKS)).json()["items"] == []
    assert (await alice.post(TASKS, json={"title": "Water the plants"})).status_code == 201
