"""Bearer tokens: minted for the load, and checked by the contenders with and without memory."""

import time
from hashlib import sha256
from typing import Final

import jwt
import msgspec

ALGORITHM: Final = "HS256"
REMEMBERED_SECONDS: Final = 60
REMEMBERED_MAX: Final = 10_000
LIFETIME_SECONDS: Final = 24 * 3600


class Rules(msgspec.Struct, frozen=True):
    """What a token must be: signed with this secret, from this issuer, for this audience (the issuer)."""

    issuer: str
    secret: str


class RefusedError(Exception):
    """Nobody's token."""


def mint(rules: Rules, user_id: str) -> str:
    """A token that makes its bearer this person, for a day."""
    now = int(time.time())
    claims = {"iss": rules.issuer, "aud": rules.issuer, "sub": user_id, "iat": now}
    return jwt.encode(claims | {"exp": now + LIFETIME_SECONDS}, rules.secret, ALGORITHM)


def check(rules: Rules, token: str) -> tuple[str, float]:
    """The token's `sub`, and until when it counts. Raises RefusedError."""
    try:
        claims = jwt.decode(
            token,
            rules.secret,
            [ALGORITHM],
            issuer=rules.issuer,
            audience=rules.issuer,
            options={"require": ["exp", "sub", "iss", "aud"]},
        )
    except jwt.PyJWTError:
        raise RefusedError from None
    return claims["sub"], claims["exp"]


class Remembering:
    """As `check`, with Daybook's memory: by digest, a minute at most, never beyond `exp`, bounded."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._known: dict[bytes, tuple[str, float]] = {}

    def user_of(self, header: bytes) -> str:
        """The person in an Authorization header. Raises RefusedError."""
        if header[:7].lower() != b"bearer ":
            raise RefusedError
        digest = sha256(header).digest()
        now = time.time()
        known = self._known.get(digest)
        if known and now < known[1]:
            return known[0]
        user_id, expires = check(self._rules, header[7:].decode("ascii", "replace"))
        if len(self._known) >= REMEMBERED_MAX:
            self._known.clear()
        self._known[digest] = (user_id, min(now + REMEMBERED_SECONDS, expires))
        return user_id
