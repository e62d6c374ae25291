"""What a token must be to pass: every check once, for the service and for `scripts/explain_token.py`."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.util import urlsafe_b64decode

from app.core.auth.keys import KeySource, TokenRegistry

TOKEN_LENGTH_MAX: Final = 8192
LEEWAY_SECONDS: Final = 30
INSTANT_MAX: Final = 253_402_300_799
"""The last second of the year 9999."""

SENT_BY_MISTAKE: Final = (
    "this looks like a session token, not a JWT; with Better Auth, get the JWT from"
    " GET /api/auth/token (`authClient.token()`) and send that"
)
# 32 letters and digits, alone or with the HMAC of the cookie behind them, perhaps percent-encoded.
_SESSION: Final = re.compile(r"[A-Za-z0-9]{20,64}(?:\.[A-Za-z0-9+/=_%-]{40,132})?")
_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SUBJECT: Final = re.compile(r"[\x21-\x7e]{1,255}")
_UNREADABLE: Final = (JoseError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
"""What joserfc and json raise on what a stranger wrote, nesting without end included."""

Claims = dict[str, Any]


class TokenRefusedError(Exception):
    """A check that a token fails: `code`, a constant fit for the log, and `sentence`, fit for its holder."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


class Rules(msgspec.Struct, frozen=True):
    """What the configuration asks of a token; `audience` None asks for none."""

    issuer: str
    audience: str | None
    registry: TokenRegistry
    kid_required: bool = True


def is_subject(value: object) -> bool:
    """Whether this can be a person's `user_id`: 1 to 255 printable ASCII characters, without spaces."""
    return isinstance(value, str) and _SUBJECT.fullmatch(value) is not None


async def signed_claims(
    token: str, keys: KeySource, rules: Rules, passed: Callable[[str], None] = lambda _: None
) -> Claims:
    """The claims of a token that one of our keys signed; `passed` hears of each check that it passes.

    Raises TokenRefusedError, and UnavailableError where the keys are out of reach.
    """
    check_shape(token)
    passed("size and shape")
    header = read_header(token)
    passed("header")
    check_algorithm(header, rules)
    passed("algorithm")
    key = await find_key(header, keys, rules)
    passed("key")
    payload = read_payload(token, key, rules)
    passed("signature")
    return payload


def check_shape(token: str) -> None:
    """Refuse by length and by alphabet, before anything is decoded."""
    if len(token) > TOKEN_LENGTH_MAX:
        raise TokenRefusedError("too_long", f"It is longer than {TOKEN_LENGTH_MAX} characters.")
    if _SESSION.fullmatch(token):
        raise TokenRefusedError("session_token", f"{SENT_BY_MISTAKE[0].upper()}{SENT_BY_MISTAKE[1:]}.")
    if not _JWT.fullmatch(token):
        raise TokenRefusedError("not_a_jwt", "A JWT is three parts of base64url, with dots between them.")


def read_header(token: str) -> Claims:
    """The header, which nothing vouches for yet."""
    try:
        header = _object(urlsafe_b64decode(token.partition(".")[0].encode()))
    except _UNREADABLE:
        raise TokenRefusedError("bad_header", "Its header is not base64url of a JSON object.") from None
    if "crit" in header:
        raise TokenRefusedError("crit", "Its header asks for extensions (`crit`), and none is known here.")
    return header


def check_algorithm(header: Claims, rules: Rules) -> None:
    """Refuse every algorithm that the configuration does not name."""
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in rules.registry.names:
        allowed = ", ".join(sorted(rules.registry.names))
        raise TokenRefusedError("algorithm", f"It is signed with {algorithm!a}; allowed is {allowed}.")


async def find_key(header: Claims, keys: KeySource, rules: Rules) -> Key:
    """The key that the header names, out of our keys only: a key or a link in the header counts nothing."""
    kid = header.get("kid")
    if rules.kid_required and not isinstance(kid, str):
        raise TokenRefusedError("no_kid", "Its header names no key (`kid`).")
    key = await keys.find(kid if isinstance(kid, str) else None)
    if key is None:
        raise TokenRefusedError("unknown_key", "Its header names a key (`kid`) that the issuer has not.")
    return key


def read_payload(token: str, key: Key, rules: Rules) -> Claims:
    """The claims, once the signature is verified."""
    try:
        payload = jws.deserialize_compact(token, key, registry=rules.registry).payload
    except _UNREADABLE:
        raise TokenRefusedError("bad_signature", "Its signature is not one of the key it names.") from None
    try:
        return _object(payload)
    except _UNREADABLE:
        raise TokenRefusedError("bad_payload", "Its payload is not a JSON object, each name once.") from None


def _object(content: bytes) -> Claims:
    found = json.loads(content.decode(), object_pairs_hook=_each_once, parse_constant=_no_constant)
    if not isinstance(found, dict):
        raise TypeError
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two claims with one name, another reader may take the other (RFC 7519 §4).
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_constant(_: str) -> None:
    raise ValueError
