"""Who holds a bearer token: verified once, then remembered for a minute."""

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from joserfc.jwk import OctKey

from app.core.auth import dev_key
from app.core.auth.claim_checks import check_claims
from app.core.auth.jwks import Jwks
from app.core.auth.keys import KeySource, OneKey, TokenRegistry
from app.core.auth.token_checks import (
    LEEWAY_SECONDS,
    SENT_BY_MISTAKE,
    TOKEN_LENGTH_MAX,
    Rules,
    TokenRefusedError,
    signed_claims,
)
from app.core.config import Settings
from app.core.errors import UnauthorizedError

REMEMBERED_SECONDS: Final = 60
REMEMBERED_MAX: Final = 10_000

logger = logging.getLogger(__name__)


class Holder(NamedTuple):
    """Who holds a token, and until when it counts, in Unix seconds."""

    user_id: str
    ends_at: float


class Verifier:
    """Verifies bearer tokens against `keys` and `rules`. `clock` tells Unix seconds."""

    def __init__(
        self,
        keys: KeySource,
        rules: Rules,
        *,
        clock: Callable[[], float] = time.time,
        capacity: int = REMEMBERED_MAX,
    ) -> None:
        self._keys = keys
        self._rules = rules
        self._clock = clock
        self._capacity = capacity
        self._generation = keys.generation
        # sha256 of the token → (holder, remembered from, until): the token itself stays nowhere.
        self._remembered: OrderedDict[bytes, tuple[Holder, float, float]] = OrderedDict()

    async def verify(self, token: str) -> str:
        """The token's `sub`. Raises UnauthorizedError, or UnavailableError without the issuer's keys."""
        return (await self.verify_until(token)).user_id

    async def verify_until(self, token: str) -> Holder:
        """The token's holder, and until when it counts. Raises as `verify` does."""
        # One character more than any token has: enough to tell them apart, whatever the length.
        beginning = token[: TOKEN_LENGTH_MAX + 1]
        digest = hashlib.sha256(beginning.encode("utf-8", "surrogatepass")).digest()
        try:
            return self._recall(digest) or await self._verify(token, digest)
        except TokenRefusedError as refused:
            log_refusal(refused.code)
            raise UnauthorizedError from None

    async def aclose(self) -> None:
        """Let go of the issuer."""
        await self._keys.aclose()

    async def _verify(self, token: str, digest: bytes) -> Holder:
        claims = await signed_claims(token, self._keys, self._rules)
        now = self._clock()
        check_claims(claims, self._rules, int(now))
        holder = Holder(claims["sub"], claims["exp"] + LEEWAY_SECONDS)
        self._remember(digest, holder, now, min(now + REMEMBERED_SECONDS, claims["exp"]))
        return holder

    def _recall(self, digest: bytes) -> Holder | None:
        self._forget_if_keys_changed()
        found = self._remembered.get(digest)
        if found is None:
            return None
        holder, since, until = found
        # `since`: a clock set back must not make a memory last longer.
        if not since <= self._clock() < until:
            del self._remembered[digest]
            return None
        self._remembered.move_to_end(digest)
        return holder

    def _remember(self, digest: bytes, holder: Holder, since: float, until: float) -> None:
        self._forget_if_keys_changed()
        self._remembered[digest] = (holder, since, until)
        if len(self._remembered) > self._capacity:
            self._remembered.popitem(last=False)

    def _forget_if_keys_changed(self) -> None:
        if self._generation != self._keys.generation:
            self._generation = self._keys.generation
            self._remembered.clear()


def log_refusal(code: str) -> None:
    """Say why a token was refused, by a constant: never the token, never a claim."""
    logger.info("token refused: %s%s", code, f" ({SENT_BY_MISTAKE})" if code == "session_token" else "")


def make_verifier(settings: Settings, *, clock: Callable[[], float] = time.time) -> Verifier:
    """The verifier that the settings ask for. Makes the development key where that is to count."""
    rules = rules_of(settings)
    return Verifier(keys_for(settings, rules), rules, clock=clock)


def rules_of(settings: Settings) -> Rules:
    """What the settings ask of a token."""
    algorithms = dev_key.ALGORITHMS if settings.uses_dev_key else settings.algorithms
    return Rules(
        issuer=settings.issuer,
        audience=settings.audience,
        registry=TokenRegistry(algorithms),
        kid_required=settings.auth_secret is None,
    )


def keys_for(settings: Settings, rules: Rules) -> KeySource:
    """Where the settings have keys come from: the issuer's JWKS, a secret, or the development key."""
    if settings.jwks_url is not None:
        return Jwks(settings.jwks_url, rules.registry)
    if settings.auth_secret is not None:
        return OneKey(OctKey.import_key(settings.auth_secret.get_secret_value()))
    return OneKey(dev_key.dev_key(settings.data_dir))
