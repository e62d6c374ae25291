"""An issuer for the tests: real keys, real tokens, a real server on the loopback interface."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from joserfc import jws
from joserfc.jwk import Key, OctKey, OKPKey

from app.core.auth.keys import OneKey, TokenRegistry
from app.core.auth.token_checks import Rules
from app.core.auth.tokens import Verifier

ISSUER = "https://auth.example.com"
AUDIENCE = "daybook"
NOW = 1_800_000_000
SECRET = "a secret of alice and bob that is long enough"


class Clock:
    """A clock that moves when told to."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def new_key(kid: str = "first") -> OKPKey:
    """An Ed25519 key pair, as Better Auth makes them."""
    return OKPKey.generate_key("Ed25519", parameters={"kid": kid})


def claims_of(**changes: Any) -> dict[str, Any]:
    """What a good token says, changed; None drops a claim."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": NOW, "exp": NOW + 900, **changes}
    return {name: value for name, value in claims.items() if value is not None}


def base64url(content: bytes | str) -> str:
    """base64url without padding (RFC 7515 §2)."""
    raw = content.encode() if isinstance(content, str) else content
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(key: Key, payload: dict[str, Any] | str, header: dict[str, Any] | str | None = None) -> str:
    """A token signed by `key`, whatever it says: header and payload may be any text."""
    if header is None:
        header = {"alg": "HS256" if isinstance(key, OctKey) else "EdDSA", "kid": key.kid}
    texts = [part if isinstance(part, str) else json.dumps(part) for part in (header, payload)]
    signed = ".".join(map(base64url, texts))
    algorithm = jws.JWSRegistry.algorithms["HS256" if isinstance(key, OctKey) else "Ed25519"]
    return f"{signed}.{base64url(algorithm.sign(signed.encode(), key))}"


def rules(*algorithms: str, audience: str | None = AUDIENCE, kid_required: bool = True) -> Rules:
    """The rules of a service that trusts this issuer."""
    return Rules(ISSUER, audience, TokenRegistry(algorithms or ("EdDSA",)), kid_required)


def verifier_of(key: Key, clock: Clock, **more: Any) -> Verifier:
    """A verifier that knows one key."""
    return Verifier(OneKey(key), more.pop("rules", rules()), clock=clock, **more)


def jwks_of(*keys: Key, **members: Any) -> bytes:
    """The public keys, as Better Auth publishes them: `alg` EdDSA and no `use`."""
    return json.dumps({"keys": [key.as_dict(alg="EdDSA", **members) for key in keys]}).encode()


class IssuerServer:
    """Answers every request with `head` and `body`, and counts them; `hold` makes them wait."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.head = "HTTP/1.1 200 OK\r\nContent-Type: application/json"
        self.hits = 0
        self.hold: asyncio.Event | None = None
        self.port = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/auth/jwks"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits += 1
        try:
            await reader.readuntil(b"\r\n\r\n")
            if self.hold is not None:
                await self.hold.wait()
            length = f"Content-Length: {len(self.body)}\r\nConnection: close"
            writer.write(f"{self.head}\r\n{length}\r\n\r\n".encode() + self.body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client had enough
        finally:
            writer.close()


@asynccontextmanager
async def serving(body: bytes) -> AsyncIterator[IssuerServer]:
    """A server that publishes `body`."""
    server = IssuerServer(body)
    await server.start()
    try:
        yield server
    finally:
        if server.hold is not None:
            server.hold.set()
        await server.stop()
