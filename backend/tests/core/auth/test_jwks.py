"""The issuer's keys: fetched from a real server, together, seldom, and kept while it is away."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.core.auth.jwks import EXPIRED_SECONDS, FRESH_SECONDS, REFETCH_SECONDS, STALE_SECONDS, Jwks
from app.core.auth.keys import TokenRegistry
from app.core.auth.tokens import Verifier
from app.core.errors import UnauthorizedError, UnavailableError
from tests.core.auth.issuer import Clock, IssuerServer, claims_of, jwks_of, new_key, rules, serving, sign

FIRST, SECOND = new_key("first"), new_key("second")
REGISTRY = TokenRegistry(["EdDSA"])


@asynccontextmanager
async def _fetching(
    body: bytes, timeout_seconds: float = 3
) -> AsyncIterator[tuple[IssuerServer, Jwks, Clock]]:
    clock = Clock(0)
    async with serving(body) as server:
        jwks = Jwks(server.url, REGISTRY, clock=clock, timeout_seconds=timeout_seconds)
        yield server, jwks, clock
        await jwks.aclose()


async def test_keys_are_fetched_once_and_kept() -> None:
    async with _fetching(jwks_of(FIRST, SECOND)) as (server, jwks, clock):
        assert server.hits == 0
        for name in ("first", "second", "first"):
            key = await jwks.find(name)
            assert key is not None
            assert key.kid == name
        clock.now = FRESH_SECONDS - 1
        await jwks.find("first")
        assert server.hits == 1


async def test_fifty_who_ask_at_once_share_one_fetch() -> None:
    async with _fetching(jwks_of(FIRST)) as (server, jwks, _):
        keys = await asyncio.gather(*(jwks.find("first") for _ in range(50)))
        assert [key.kid if key else None for key in keys] == ["first"] * 50
        assert server.hits == 1


async def test_who_gives_up_waiting_does_not_end_the_fetch_of_others() -> None:
    async with _fetching(jwks_of(FIRST)) as (server, jwks, _):
        server.hold = asyncio.Event()
        impatient = asyncio.create_task(jwks.find("first"))
        patient = asyncio.create_task(jwks.find("first"))
        await asyncio.sleep(0.01)
        impatient.cancel()
        server.hold.set()
        assert await patient is not None
        assert impatient.cancelled()
        assert server.hits == 1


async def test_an_unknown_key_is_looked_for_at_most_every_30_seconds() -> None:
    async with _fetching(jwks_of(FIRST)) as (server, jwks, clock):
        await jwks.find("first")
        for second, hits in (
            (0, 1),
            (REFETCH_SECONDS - 1, 1),
            (REFETCH_SECONDS, 2),
            (REFETCH_SECONDS + 1, 2),
        ):
            clock.now = second
            unknown = await asyncio.gather(*(jwks.find(f"unknown {number}") for number in range(20)))
            assert unknown == [None] * 20
            assert server.hits == hits


async def test_a_new_key_is_found_and_moves_the_generation() -> None:
    async with _fetching(jwks_of(FIRST)) as (server, jwks, clock):
        await jwks.find("first")
        generation = jwks.generation
        server.body = jwks_of(FIRST, SECOND)
        clock.now = REFETCH_SECONDS
        assert await jwks.find("second") is not None
        assert jwks.generation == generation + 1


async def test_the_same_keys_again_leave_the_generation() -> None:
    async with _fetching(jwks_of(FIRST)) as (server, jwks, clock):
        await jwks.find("first")
        generation = jwks.generation
        clock.now = EXPIRED_SECONDS
        await jwks.find("first")
        assert server.hits == 2
        assert jwks.generation == generation


async def test_aging_keys_are_renewed_behind_the_request() -> None:
    async with _fetching(jwks_of(FIRST)) as (server, jwks, clock):
        await jwks.find("first")
        server.hold = asyncio.Event()
        clock.now = FRESH_SECONDS
        assert await jwks.find("first") is not None
        server.hold.set()
        await jwks.find("unknown")  # waits for the fetch under way
        assert server.hits == 2


async def test_a_key_withdrawn_counts_no_longer_once_the_keys_expired() -> None:
    async with _fetching(jwks_of(FIRST, SECOND)) as (server, jwks, clock):
        assert await jwks.find("first") is not None
        server.body = jwks_of(SECOND)
        clock.now = EXPIRED_SECONDS
        assert await jwks.find("first") is None
        assert await jwks.find("second") is not None


async def test_keys_serve_for_a_day_while_the_issuer_is_down() -> None:
    async with _fetching(jwks_of(FIRST)) as (server, jwks, clock):
        await jwks.find("first")
        await server.stop()
        for second in (EXPIRED_SECONDS, 3600, STALE_SECONDS - 1):
            clock.now = second
            assert await jwks.find("first") is not None
        assert await jwks.find("unknown") is None
        clock.now = STALE_SECONDS
        with pytest.raises(UnavailableError):
            await jwks.find("first")
        await server.start()
        clock.now += REFETCH_SECONDS
        assert await jwks.find("first") is not None


async def test_an_issuer_that_is_down_is_asked_ever_less_often(caplog: pytest.LogCaptureFixture) -> None:
    async with _fetching(b"") as (server, jwks, clock):
        server.head = "HTTP/1.1 500 Internal Server Error"
        hits = []
        for second in range(120):
            clock.now = second
            with pytest.raises(UnavailableError) as caught:
                await jwks.find("first")
            assert 1 <= int(caught.value.headers["Retry-After"]) <= REFETCH_SECONDS
            hits.append(server.hits)
        assert [second for second in range(1, 120) if hits[second] > hits[second - 1]] == [
            1,
            3,
            7,
            15,
            31,
            61,
            91,
        ]
    assert "issuer's keys: not fetched (status 500); not again within 1 s" in caplog.messages


@pytest.mark.parametrize(
    ("head", "body", "reason"),
    [
        ("HTTP/1.1 500 Internal Server Error", jwks_of(FIRST), "status 500"),
        ("HTTP/1.1 404 Not Found", jwks_of(FIRST), "status 404"),
        ("HTTP/1.1 302 Found\r\nLocation: /elsewhere", jwks_of(FIRST), "status 302"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip", gzip.compress(jwks_of(FIRST)), "compressed, unasked"),
        ("HTTP/1.1 200 OK", b" " * 65_536 + jwks_of(FIRST), "longer than 65536 bytes"),
        ("HTTP/1.1 200 OK", b"<html>", "not a JWKS"),
        ("HTTP/1.1 200 OK", b"[]", "not a JWKS"),
        ("HTTP/1.1 200 OK", b'{"keys": {}}', "not a JWKS"),
        ("HTTP/1.1 200 OK", b"[" * 60_000, "not a JWKS"),
        ("HTTP/1.1 200 OK", b'{"keys": [{"kid": "\xff"}]}', "not a JWKS"),
        ("no HTTP", b"", "RemoteProtocolError"),
    ],
)
async def test_what_is_no_answer_is_503(
    head: str, body: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with _fetching(body) as (server, jwks, _):
        server.head = head
        with pytest.raises(UnavailableError):
            await jwks.find("first")
        assert server.hits == 1
    ours = [record.message for record in caplog.records if record.name.startswith("app")]
    assert ours == [f"issuer's keys: not fetched ({reason}); not again within 1 s"]


async def test_a_silent_issuer_costs_a_bounded_time() -> None:
    async with _fetching(jwks_of(FIRST), timeout_seconds=0.05) as (server, jwks, _):
        server.hold = asyncio.Event()
        async with asyncio.timeout(2):
            with pytest.raises(UnavailableError):
                await jwks.find("first")


async def test_an_issuer_that_dribbles_costs_a_bounded_time() -> None:
    async def dribble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.005)

    server = await asyncio.start_server(dribble, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    jwks = Jwks(url, REGISTRY, timeout_seconds=0.1)
    async with server, asyncio.timeout(2):
        with pytest.raises(UnavailableError):
            await jwks.find("first")
        await jwks.aclose()


async def test_closing_ends_the_fetch_under_way() -> None:
    async with serving(jwks_of(FIRST)) as server:
        server.hold = asyncio.Event()
        jwks = Jwks(server.url, REGISTRY)
        waiting = asyncio.create_task(jwks.find("first"))
        await asyncio.sleep(0.01)
        await jwks.aclose()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with _fetching(jwks_of(FIRST)) as (_, jwks, _clock):
        assert await jwks.find("first") is not None


async def test_a_token_passes_by_the_issuers_keys_and_not_once_they_changed() -> None:
    async with _fetching(jwks_of(FIRST)) as (server, jwks, clock):
        verifier = Verifier(jwks, rules(), clock=Clock())
        token = sign(FIRST, claims_of())
        assert await verifier.verify(token) == "alice"
        server.body = jwks_of(SECOND)
        clock.now = REFETCH_SECONDS
        assert await verifier.verify(sign(SECOND, claims_of(sub="bob"))) == "bob"
        with pytest.raises(UnauthorizedError):
            await verifier.verify(token)


async def test_without_any_keys_a_token_is_neither_good_nor_bad() -> None:
    async with _fetching(b"") as (server, jwks, _):
        await server.stop()
        verifier = Verifier(jwks, rules(), clock=Clock())
        with pytest.raises(UnavailableError):
            await verifier.verify(sign(FIRST, claims_of()))
        with pytest.raises(UnauthorizedError):
            await verifier.verify("token")
