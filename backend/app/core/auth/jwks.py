"""The issuer's public keys (RFC 7517 §5): fetched once for all who wait, kept while the issuer is away."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import Final

import httpx
from joserfc.jwk import Key

from app.core.auth.keys import JwksError, TokenRegistry, keys_of
from app.core.errors import UnavailableError

FRESH_SECONDS: Final = 300
"""Older keys are fetched anew behind the request that asks."""
EXPIRED_SECONDS: Final = 600
"""For older ones that request waits; it takes them only if the issuer does not answer."""
STALE_SECONDS: Final = 24 * 3600
"""Older ones count for nothing."""
REFETCH_SECONDS: Final = 30
"""Between two fetches at least, however many unknown keys are asked for."""
TIMEOUT_SECONDS: Final = 3.0
BYTES_MAX: Final = 64 * 1024

logger = logging.getLogger(__name__)


class Jwks:
    """The keys behind one URL, as a `KeySource`. `clock` counts seconds, from anywhere."""

    def __init__(
        self,
        url: str,
        registry: TokenRegistry,
        *,
        clock: Callable[[], float] = time.monotonic,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.generation = 0
        self._url = url
        self._registry = registry
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        # Not from the environment: neither a proxy nor certificates.
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=timeout_seconds,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )
        self._keys: dict[str, Key] = {}
        self._fetched_at = -math.inf
        self._not_before = -math.inf
        self._failures = 0
        self._flight: asyncio.Task[None] | None = None

    async def find(self, kid: str | None) -> Key | None:
        """The key of that name, or None. Raises UnavailableError if none was ever fetched, or not lately."""
        age = self._clock() - self._fetched_at
        if age >= EXPIRED_SECONDS:
            await self._refresh()
        elif age >= FRESH_SECONDS:
            self._begin()
        if kid is None:
            return None
        if kid not in self._current():
            await self._refresh()
        return self._current().get(kid)

    async def aclose(self) -> None:
        """End the fetch under way and close the connections."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)
        await self._client.aclose()

    def _current(self) -> dict[str, Key]:
        now = self._clock()
        if now - self._fetched_at >= STALE_SECONDS:
            wait = max(1, math.ceil(self._not_before - now)) if math.isfinite(self._not_before) else 1
            raise UnavailableError("The token issuer's keys are out of reach.", retry_after=wait)
        return self._keys

    async def _refresh(self) -> None:
        flight = self._begin()
        if flight is not None:
            # Whoever gives up waiting must not take the others' fetch along.
            await asyncio.shield(flight)

    def _begin(self) -> asyncio.Task[None] | None:
        """The fetch under way, a new one, or None where it is too early for another."""
        if self._flight is None and self._clock() >= self._not_before:
            self._flight = asyncio.create_task(self._fly())
        return self._flight

    async def _fly(self) -> None:
        try:
            keys = keys_of(await self._fetch(), self._registry)
        except Exception as error:  # whatever an issuer answers, the service stands
            self._failed(error)
        else:
            self._arrived(keys)
        finally:
            self._flight = None

    def _arrived(self, keys: dict[str, Key]) -> None:
        if not keys:
            logger.warning("issuer's keys: none fits the algorithms allowed")
        if keys != self._keys:
            self._keys = keys
            self.generation += 1
        self._failures = 0
        self._fetched_at = self._clock()
        self._not_before = self._fetched_at + REFETCH_SECONDS

    def _failed(self, error: Exception) -> None:
        pause = min(REFETCH_SECONDS, 2 ** min(self._failures, 10))
        self._failures += 1
        self._not_before = self._clock() + pause
        reason = str(error) if isinstance(error, JwksError) else type(error).__name__
        logger.warning("issuer's keys: not fetched (%s); not again within %d s", reason, pause)

    async def _fetch(self) -> bytes:
        body = bytearray()
        async with (
            asyncio.timeout(self._timeout_seconds),
            self._client.stream("GET", self._url) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise JwksError(f"status {response.status_code}")
            # Packed, 64 KiB could be 64 MiB.
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise JwksError("compressed, unasked")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > BYTES_MAX:
                    raise JwksError(f"longer than {BYTES_MAX} bytes")
        return bytes(body)
