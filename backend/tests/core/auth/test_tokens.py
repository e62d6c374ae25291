"""Tokens: what passes, what is remembered, and for how long."""

import logging
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey
from pydantic import SecretStr

from app.core.auth.keys import OneKey
from app.core.auth.token_checks import LEEWAY_SECONDS
from app.core.auth.tokens import Verifier, make_verifier
from app.core.config import Settings
from app.core.errors import UnauthorizedError
from tests.core.auth.issuer import (
    AUDIENCE,
    ISSUER,
    NOW,
    SECRET,
    Clock,
    claims_of,
    new_key,
    rules,
    sign,
    verifier_of,
)

KEY = new_key()


def _by_joserfc(algorithm: str, key: Any) -> str:
    return jwt.encode({"alg": algorithm, "kid": key.kid}, claims_of(), key, algorithms=[algorithm])


async def test_a_good_token_names_its_bearer() -> None:
    assert await verifier_of(KEY, Clock()).verify(sign(KEY, claims_of(sub="alice"))) == "alice"


async def test_it_says_until_when_the_token_passes_remembered_or_not() -> None:
    clock = Clock()
    verifier, token = verifier_of(KEY, clock), sign(KEY, claims_of(sub="alice", exp=NOW + 100))
    for _ in range(2):
        assert await verifier.verify_until(token) == ("alice", NOW + 100 + LEEWAY_SECONDS)
    clock.now = NOW + 100 + LEEWAY_SECONDS
    with pytest.raises(UnauthorizedError):
        await verifier.verify_until(token)


@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
@pytest.mark.parametrize("configured", ["EdDSA", "Ed25519"])
async def test_both_names_of_the_algorithm_pass(algorithm: str, configured: str) -> None:
    token = sign(KEY, claims_of(), {"alg": algorithm, "kid": "first", "typ": "JWT"})
    assert await verifier_of(KEY, Clock(), rules=rules(configured)).verify(token) == "alice"


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "x" * 255},
        {"sub": "auth0|5f7c8ec7c33c6c004bbafe82"},
        {"aud": ["other", AUDIENCE]},
        {"exp": NOW - 29},
        {"nbf": NOW + 30},
        {"iat": None},
        {"user": {"email": "alice@example.com", "name": "Ålice"}},
    ],
)
async def test_what_the_rules_leave_free(changes: dict[str, Any]) -> None:
    claims = claims_of(**changes)
    assert await verifier_of(KEY, Clock()).verify(sign(KEY, claims)) == claims["sub"]


async def test_a_header_that_nobody_knows_is_ignored() -> None:
    token = sign(KEY, claims_of(), {"alg": "EdDSA", "kid": "first", "cat": "cl_B7d4PD111AAA"})
    assert await verifier_of(KEY, Clock()).verify(token) == "alice"


async def test_without_an_audience_configured_none_is_asked_for() -> None:
    verifier = verifier_of(KEY, Clock(), rules=rules(audience=None))
    assert await verifier.verify(sign(KEY, claims_of(aud=None))) == "alice"
    assert await verifier.verify(sign(KEY, claims_of(aud="other", sub="bob"))) == "bob"


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("ES256", ECKey.generate_key("P-256", parameters={"kid": "first"})),
        ("RS256", RSAKey.generate_key(2048, parameters={"kid": "first"})),
        ("PS256", RSAKey.generate_key(2048, parameters={"kid": "first"})),
    ],
)
async def test_other_algorithms_pass_where_they_are_configured(algorithm: str, key: Any) -> None:
    token = _by_joserfc(algorithm, key)
    assert await verifier_of(key, Clock(), rules=rules(algorithm)).verify(token) == "alice"
    with pytest.raises(UnauthorizedError):
        await verifier_of(key, Clock()).verify(token)


async def test_a_secret_needs_no_key_name() -> None:
    settings = Settings(
        environment="production", auth_issuer=ISSUER, auth_audience=AUDIENCE, auth_secret=SecretStr(SECRET)
    )
    verifier = make_verifier(settings, clock=Clock())
    secret = OctKey.import_key(SECRET)
    assert await verifier.verify(sign(secret, claims_of(), {"alg": "HS256"})) == "alice"
    with pytest.raises(UnauthorizedError):
        await verifier.verify(sign(KEY, claims_of()))
    with pytest.raises(UnauthorizedError):
        await verifier.verify(sign(OctKey.generate_key(256), claims_of(), {"alg": "HS256"}))
    await verifier.aclose()


class _Counted(OneKey):
    """One key that counts how often it is asked for."""

    asked = 0

    async def find(self, kid: str | None) -> Key | None:
        self.asked += 1
        return await super().find(kid)


def _counted(clock: Clock, **more: Any) -> tuple[Verifier, _Counted]:
    keys = _Counted(KEY)
    return Verifier(keys, rules(), clock=clock, **more), keys


async def test_a_token_is_remembered_for_a_minute() -> None:
    clock = Clock()
    verifier, keys = _counted(clock)
    token = sign(KEY, claims_of())
    for second, asked in ((0, 1), (59, 1), (60, 2), (119, 2), (120, 3)):
        clock.now = NOW + second
        assert await verifier.verify(token) == "alice"
        assert keys.asked == asked


async def test_a_token_is_never_remembered_beyond_its_end() -> None:
    clock = Clock()
    verifier, keys = _counted(clock)
    token = sign(KEY, claims_of(exp=NOW + 10))
    assert await verifier.verify(token) == "alice"
    clock.now = NOW + 10
    assert await verifier.verify(token) == "alice"
    assert keys.asked == 2
    clock.now = NOW + 40
    with pytest.raises(UnauthorizedError):
        await verifier.verify(token)


async def test_a_clock_set_back_does_not_prolong_what_is_remembered() -> None:
    clock = Clock()
    verifier, keys = _counted(clock)
    token = sign(KEY, claims_of())
    await verifier.verify(token)
    clock.now = NOW - 3600
    await verifier.verify(token)
    assert keys.asked == 2


async def test_what_is_remembered_is_bounded_and_the_least_recent_goes() -> None:
    verifier, keys = _counted(Clock(), capacity=2)
    alice, bob, charlie = (sign(KEY, claims_of(sub=name)) for name in ("alice", "bob", "charlie"))
    for token in (alice, bob, alice, charlie):
        await verifier.verify(token)
    assert keys.asked == 3
    assert await verifier.verify(alice) == "alice"
    assert keys.asked == 3
    assert await verifier.verify(bob) == "bob"
    assert keys.asked == 4


async def test_nothing_is_remembered_once_the_keys_changed() -> None:
    verifier, keys = _counted(Clock())
    token = sign(KEY, claims_of())
    await verifier.verify(token)
    keys.generation += 1
    await verifier.verify(token)
    assert keys.asked == 2


async def test_the_log_says_why_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    token = sign(KEY, claims_of(sub="alice", exp=NOW - 60, email="alice@example.com"))
    with caplog.at_level(logging.INFO), pytest.raises(UnauthorizedError):
        await verifier_of(KEY, Clock()).verify(token)
    assert caplog.messages == ["token refused: expired"]


@pytest.mark.parametrize("signed", ["", ".c2lnbmF0dXJlIG9mIGEgY29va2llLCAzMiBieXRlcw%3D%3D"])
async def test_the_log_recognises_a_session_token(signed: str, caplog: pytest.LogCaptureFixture) -> None:
    session = "w3XmqK0fVtR8sYbLcNpZ1aHdGjEuT5iO"
    with caplog.at_level(logging.INFO), pytest.raises(UnauthorizedError):
        await verifier_of(KEY, Clock()).verify(session + signed)
    (message,) = caplog.messages
    assert message.startswith("token refused: session_token (this looks like a session token")
    assert "/api/auth/token" in message
    assert session not in message
