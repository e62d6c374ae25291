"""The service for the tests: the same wiring as in production, and people with real tokens."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey
from litestar import Litestar
from pydantic import SecretStr

from app.core.config import Settings
from app.main import furnish, wire

ISSUER = "https://issuer.test"
SECRET = "a secret that only the tests know, 32 bytes or more"

Statement = tuple[str, Any]
"""A statement that the service ran, with its parameters."""


def settings_for(database_url: str, **more: Any) -> Settings:
    """Settings with a real issuer's secret."""
    return Settings(database_url=database_url, auth_issuer=ISSUER, auth_secret=SecretStr(SECRET), **more)


def token_of(user_id: str, lifetime_seconds: int = 900) -> str:
    """A token as the issuer would sign it."""
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": ISSUER, "sub": user_id, "iat": now, "exp": now + lifetime_seconds}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))


def client_of(app: Litestar, user_id: str | None = None) -> httpx.AsyncClient:
    """A client of the app's, with a token of this person's."""
    headers = {"Authorization": f"Bearer {token_of(user_id)}"} if user_id else {}
    transport = httpx.ASGITransport(app=cast(Any, app))  # the same protocol, spelt in other types
    return httpx.AsyncClient(transport=transport, base_url="http://daybook.test", headers=headers)


_stopped: list[Litestar] = []
"""Apps that have stopped: to wire the routes takes longer than most tests."""


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Litestar]:
    """The app between its start and its end, both in one task, as a server has them."""
    app = furnish(_stopped.pop() if _stopped else wire(), settings)
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        try:
            async with app.lifespan():
                started.set()
                await stop.wait()
        finally:
            started.set()

    life = asyncio.create_task(live())
    await started.wait()
    try:
        if not life.done():
            yield app
    finally:
        stop.set()
        await life
        _stopped.append(app)
