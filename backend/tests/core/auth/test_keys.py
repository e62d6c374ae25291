"""Which keys of a published set are taken."""

import json

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from app.core.auth.keys import JwksError, TokenRegistry, keys_of
from tests.core.auth.issuer import jwks_of, new_key

FIRST, SECOND = new_key("first"), new_key("second")
REGISTRY = TokenRegistry(["EdDSA"])


def test_only_keys_that_can_verify_are_taken() -> None:
    good = jwks_of(FIRST, SECOND)
    others = [
        OctKey.generate_key(256, parameters={"kid": "secret"}).as_dict(),
        RSAKey.generate_key(2048, parameters={"kid": "rsa"}).as_dict(),
        ECKey.generate_key("P-256", parameters={"kid": "ec"}).as_dict(),
        new_key("encrypting").as_dict(use="enc"),
        new_key("wrapping").as_dict(key_ops=["wrapKey"]),
        {**new_key("nameless").as_dict(), "kid": ""},
        {**new_key("numbered").as_dict(), "kid": 5},
        {**new_key("cut").as_dict(), "x": "AAAA"},
        {**new_key("strange").as_dict(), "crv": "Ed1"},
        {"kty": "AKP", "kid": "later"},
        {"kty": ["OKP"], "kid": "list"},
        {},
    ]
    document = json.dumps({"keys": [*others, *json.loads(good)["keys"]]}).encode()
    assert sorted(keys_of(document, REGISTRY)) == ["first", "second"]
    assert sorted(keys_of(document, TokenRegistry(["RS256", "ES256"]))) == ["ec", "rsa"]


def test_of_two_keys_with_one_name_the_first_counts() -> None:
    keys = keys_of(jwks_of(FIRST, new_key("first")), REGISTRY)
    assert keys["first"].as_dict()["x"] == FIRST.as_dict()["x"]


def test_no_private_half_is_kept() -> None:
    document = json.dumps({"keys": [FIRST.as_dict(private=True)]}).encode()
    assert not keys_of(document, REGISTRY)["first"].is_private


def test_a_set_without_keys_is_a_set() -> None:
    assert keys_of(b'{"keys": []}', REGISTRY) == {}
    with pytest.raises(JwksError):
        keys_of(b"{}", REGISTRY)
