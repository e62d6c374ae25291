"""Keys, and the algorithms that they may be used with."""

from collections.abc import Collection
from typing import Any, Final, Protocol

import msgspec
from joserfc import jws
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import JWKRegistry, Key

_PUBLIC_MEMBERS: Final = ("kty", "kid", "alg", "crv", "x", "y", "n", "e")
_KINDS: Final = ("OKP", "EC", "RSA")


class JwksError(Exception):
    """An answer of the issuer's that is no set of keys; the message holds nothing of it."""


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


class KeySource(Protocol):
    """Where keys come from. `generation` moves when they change: what they verified counts no longer."""

    generation: int

    async def find(self, kid: str | None) -> Key | None:
        """The key of that name, or None. Raises UnavailableError where nobody knows."""

    async def aclose(self) -> None:
        """Let go of connections."""


class TokenRegistry(jws.JWSRegistry):
    """joserfc's algorithms, cut down to those configured. `EdDSA` is a name of `Ed25519` (RFC 9864 §2.2)."""

    max_header_length = 2048

    def __init__(self, algorithms: Collection[str]) -> None:
        names = frozenset(algorithms)
        if names & {"EdDSA", "Ed25519"}:
            names |= {"EdDSA", "Ed25519"}
        # A header that nobody here knows is to be ignored (RFC 7515 §4); Clerk sends one.
        super().__init__(algorithms=names, strict_check_header=False)
        self.names = names

    def get_alg(self, name: str) -> JWSAlgModel:
        """The algorithm of that name, if it is allowed."""
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


class OneKey:
    """A `KeySource` of one key that never changes. A key without a name answers to every name."""

    def __init__(self, key: Key) -> None:
        self.generation = 0
        self._key = key

    async def find(self, kid: str | None) -> Key | None:
        """The key, if this is its name."""
        return self._key if self._key.kid in (None, kid) else None

    async def aclose(self) -> None:
        """Nothing to let go of."""


def keys_of(body: bytes, registry: TokenRegistry) -> dict[str, Key]:
    """The keys of a JWKS by `kid`, those only that can verify with an allowed algorithm.

    A key that can't be read is left out (RFC 7517 §5); of two with one name the first counts.
    Raises JwksError if this is no JWKS.
    """
    try:
        members = msgspec.json.decode(body, type=_KeySet).keys
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise JwksError("not a JWKS") from None
    found: dict[str, Key] = {}
    for member in members:
        key = _key_of(member, registry)
        if key is not None and key.kid:
            found.setdefault(key.kid, key)
    return found


def _key_of(member: dict[str, Any], registry: TokenRegistry) -> Key | None:
    if member.get("kty") not in _KINDS or member.get("use", "sig") != "sig":
        return None
    public: dict[str, Any] = {name: member[name] for name in _PUBLIC_MEMBERS if name in member}
    if public.get("alg") == "EdDSA":
        public["alg"] = "Ed25519"
    try:
        key = JWKRegistry.import_key(public)
        fits = "verify" in member.get("key_ops", ["verify"])
        return key if fits and registry.filter_algorithms(key, sorted(registry.names)) else None
    except Exception:  # one key out of the ordinary must not take the others along
        return None
