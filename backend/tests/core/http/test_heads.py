"""What a connection takes for a request: what the parser leaves open is refused, or does no harm."""

import asyncio
from typing import Any

import pytest

from tests.core.http.sockets import GET, Hasty, all_of, an_answer, serving, until

HOST = b"Host: daybook.test\r\n"
BEGUN = b"POST /read HTTP/1.1\r\n" + HOST


class Listening(Hasty):
    """Keeps the scopes of what it was asked."""

    scopes: list[Any]

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        type(self).scopes.append(self.scope)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /small HTTP/1.1\r\n\r\n",
        b"GET /small HTTP/1.1\r\n" + HOST * 2 + b"\r\n",
        b"GET /sm\xc3\xa4ll HTTP/1.1\r\n" + HOST + b"\r\n",
        BEGUN + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        BEGUN + b"Content-Length : 2\r\n\r\n",
        b"GET /small HTTP/1.1\r\n" + HOST + b"X-A: a\r\n b\r\n\r\n",
    ],
)
async def test_a_head_that_can_be_read_in_two_ways_is_refused(head: bytes) -> None:
    async with serving(Hasty) as (_, call):
        reader, writer = await call()
        writer.write(head)
        said = await all_of(reader)
    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert said.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "begun", [BEGUN + b"X-A: ", BEGUN + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-A: "]
)
async def test_a_header_without_end_is_refused(begun: bytes) -> None:
    async with serving(Hasty) as (_, call):
        reader, writer = await call()
        writer.write(begun)
        await asyncio.sleep(0)
        for _ in range(3):
            writer.write(b"x" * 20_000)
            await asyncio.sleep(0.05)
        said = await all_of(reader)
    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_what_follows_a_body_is_no_header_of_the_request() -> None:
    class Own(Listening):
        scopes: list[Any] = []  # noqa: RUF012 (one test's own)

    async with serving(Own) as (_, call):
        reader, writer = await call()
        writer.write(
            BEGUN + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nAuthorization: mallory\r\n\r\n"
        )
        assert b"200 OK" in await an_answer(reader)
        writer.write(GET)
        assert b"200 OK" in await an_answer(reader)
    assert [name for name, _ in Own.scopes[0]["headers"]] == [b"host", b"transfer-encoding"]


async def test_an_upgrade_is_answered_as_if_none_had_been_asked_for() -> None:
    async with serving(Hasty) as (_, call):
        reader, writer = await call()
        upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
        writer.write(GET[:-2] + upgrade)
        said = await all_of(reader)
    assert b"200 OK" in said
    assert b"connection: close" in said


async def test_what_was_asked_before_what_is_not_http_gets_its_answer() -> None:
    async with serving(Hasty) as (_, call):
        reader, writer = await call()
        writer.write(GET.replace(b"small", b"slow") + GET + b"not HTTP\r\n\r\n")
        said = await all_of(reader)
    assert said.count(b"200 OK") == 2
    assert b"400" not in said


async def test_requests_without_end_do_not_add_up() -> None:
    class Own(Listening):
        scopes: list[Any] = []  # noqa: RUF012 (one test's own)

    async with serving(Own) as (state, call):
        _, writer = await call()
        writer.write(GET.replace(b"small", b"slow"))
        writer.write(GET * 100_000)
        await until(lambda: len(Own.scopes) > 1)
        waiting = []
        while len(Own.scopes) < 20_000:
            waiting += [len(vars(connection)["pipeline"]) for connection in state.connections]
            await asyncio.sleep(0.01)
    assert max(waiting) <= 256 * 1024 / len(GET) + 1
