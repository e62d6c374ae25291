"""Tokens that somebody forged, broke or bent: each gets the same 401."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OctKey

from app.core.auth.token_checks import TOKEN_LENGTH_MAX
from app.core.errors import UnauthorizedError
from tests.core.auth.issuer import NOW, Clock, base64url, claims_of, new_key, sign, verifier_of

KEY = new_key()
MALLORY = new_key()
HEADER = {"alg": "EdDSA", "kid": "first"}
GOOD = sign(KEY, claims_of())
PARTS = GOOD.split(".")
PUBLIC_PEM = KEY.as_pem(private=False)


def _claims(**changes: Any) -> str:
    return sign(KEY, claims_of(**changes))


def _header(**changes: Any) -> str:
    return sign(KEY, claims_of(), {**HEADER, **changes})


def _mallory(**header: Any) -> str:
    return sign(MALLORY, claims_of(), {**HEADER, **header})


def _payload(text: str) -> str:
    return sign(KEY, text)


def _claim_text(name: str, value: str) -> str:
    """A signed payload in which a claim has a value that json.dumps would not write."""
    return _payload(json.dumps(claims_of(**{name: "@"})).replace('"@"', value))


def _public_key_as_secret(secret: bytes) -> str:
    return sign(OctKey(secret, secret), claims_of(), {"alg": "HS256", "kid": "first"})


FORGED = {
    "alg none": f"{base64url(json.dumps({**HEADER, 'alg': 'none'}))}.{PARTS[1]}.",
    "alg none, signed": _header(alg="none"),
    "alg None": _header(alg="None"),
    "HS256 with the public PEM": _public_key_as_secret(PUBLIC_PEM),
    "HS256 with the public bytes": _public_key_as_secret(str(KEY.as_dict()["x"]).encode()),
    "alg Ed448": _header(alg="Ed448"),
    "alg missing": sign(KEY, claims_of(), {"kid": "first"}),
    "alg a list": _header(alg=["EdDSA"]),
    "alg lower case": _header(alg="eddsa"),
    "another's signature": _mallory(),
    "key in the header": _mallory(jwk=MALLORY.as_dict()),
    "key behind a link": _mallory(jku="https://mallory.example.com/jwks"),
    "key behind an X.509 link": _mallory(x5u="https://mallory.example.com/x5u"),
    "key in a chain": _mallory(x5c=["MIIB"]),
    "key in the header, another kid": _mallory(jwk=MALLORY.as_dict(), kid="mallory"),
    "kid missing": sign(KEY, claims_of(), {"alg": "EdDSA"}),
    "kid unknown": _header(kid="second"),
    "kid empty": _header(kid=""),
    "kid null": _header(kid=None),
    "kid a number": _header(kid=1),
    "kid an object": _header(kid={"first": 1}),
    "kid a path": _header(kid="../../dev/null"),
    "kid with NUL": _header(kid="first\0"),
    "payload exchanged": f"{PARTS[0]}.{base64url(json.dumps(claims_of(sub='bob')))}.{PARTS[2]}",
    "signature empty": f"{PARTS[0]}.{PARTS[1]}.",
    "signature cut": GOOD[:-4],
    "signature zero": f"{PARTS[0]}.{PARTS[1]}.{base64url(bytes(64))}",
    "signature of other length": f"{PARTS[0]}.{PARTS[1]}.{base64url(bytes(63))}",
    "crit": _header(crit=["exp"], exp=NOW),
    "crit empty": _header(crit=[]),
    "crit a number": _header(crit=5),
    "b64 false": _header(b64=False),
    "b64 false and critical": _header(b64=False, crit=["b64"]),
}
BROKEN = {
    "empty": "",
    "a word": "token",
    "two parts": f"{PARTS[0]}.{PARTS[1]}",
    "four parts": f"{GOOD}.{PARTS[2]}",
    "five parts, as encrypted": f"{GOOD}.{PARTS[2]}.{PARTS[2]}",
    "only dots": "..",
    "payload empty": f"{PARTS[0]}..{PARTS[2]}",
    "padding": f"{PARTS[0]}.{PARTS[1]}.{PARTS[2]}==",
    "not base64url": f"{PARTS[0]}.{PARTS[1]}.{PARTS[2][:-2]}+/",
    "not base64url, by length": f"{PARTS[0]}.{PARTS[1]}.{PARTS[2]}AAA",
    "bits left over": GOOD[:-1] + chr(ord(GOOD[-1]) + 1),
    "space before": f" {GOOD}",
    "newline after": f"{GOOD}\n",
    "space within": GOOD.replace(".", " .", 1),
    "NUL": f"{GOOD}\0",
    "letters of another script": GOOD.replace("e", "\u0435", 1),
    "a lone surrogate": f"{GOOD}\ud800",
    "header no JSON": sign(KEY, claims_of(), "{"),
    "header a list": sign(KEY, claims_of(), "[]"),
    "header null": sign(KEY, claims_of(), "null"),
    "header twice": sign(KEY, claims_of(), '{"alg":"EdDSA","alg":"EdDSA","kid":"first"}'),
    "header nested": sign(
        KEY, claims_of(), '{"alg":"EdDSA","kid":"first","a":' + "[" * 1000 + "]" * 1000 + "}"
    ),
    "header long": _header(a="x" * 3000),
    "header in UTF-16": f"{base64url(json.dumps(HEADER).encode('utf-16'))}.{PARTS[1]}.{PARTS[2]}",
    "payload no JSON": _payload("alice"),
    "payload a list": _payload("[]"),
    "payload a string": _payload('"alice"'),
    "payload nested": _payload("[" * 2900 + "]" * 2900),
    "payload with NaN": _claim_text("a", "NaN"),
    "long": _claims(a="x" * 7000),
    "huge": _claims(a="x" * 1_000_000),
}
BENT = {
    "issuer missing": _claims(iss=None),
    "issuer another": _claims(iss="https://mallory.example.com"),
    "issuer with a slash": _claims(iss="https://auth.example.com/"),
    "issuer in a list": _claims(iss=["https://auth.example.com"]),
    "audience missing": _claims(aud=None),
    "audience another": _claims(aud="other"),
    "audience part of ours": _claims(aud="day"),
    "audience around ours": _claims(aud="daybooks"),
    "audiences of others": _claims(aud=["other", "another"]),
    "audience no list": _claims(aud={"daybook": 1}),
    "audiences empty": _claims(aud=[]),
    "expired": _claims(exp=NOW - 30),
    "expiry missing": _claims(exp=None),
    "expiry null": _claim_text("exp", "null"),
    "expiry a string": _claims(exp=str(NOW + 900)),
    "expiry a fraction": _claims(exp=NOW + 900.5),
    "expiry true": _claims(exp=True),
    "expiry infinite": _claim_text("exp", "Infinity"),
    "expiry 1e400": _claim_text("exp", "1e400"),
    "expiry beyond all years": _claims(exp=10**18),
    "expiry of 5000 digits": _claim_text("exp", "9" * 5000),
    "expiry negative": _claims(exp=-1),
    "expiry twice": _payload(json.dumps(claims_of(exp=NOW - 900))[:-1] + f', "exp": {NOW + 900}}}'),
    "not before later": _claims(nbf=NOW + 31),
    "not before a string": _claims(nbf=str(NOW)),
    "not before null": _claim_text("nbf", "null"),
    "not before infinite": _claim_text("nbf", "-Infinity"),
    "subject missing": _claims(sub=None),
    "subject null": _claim_text("sub", "null"),
    "subject empty": _claims(sub=""),
    "subject too long": _claims(sub="x" * 256),
    "subject with newline": _claims(sub="alice\n"),
    "subject with space": _claims(sub="alice bob"),
    "subject with NUL": _claims(sub="alice\0"),
    "subject with accent": _claims(sub="ålice"),
    "subject a lone surrogate": _claims(sub="\ud800"),
    "subject a number": _claims(sub=7),
    "subject true": _claims(sub=True),
    "subject a list": _claims(sub=["alice"]),
    "subject twice": _payload(json.dumps(claims_of())[:-1] + ', "sub": "bob"}'),
}
HOSTILE = {**FORGED, **BROKEN, **BENT}


async def _refusal(token: str) -> UnauthorizedError:
    with pytest.raises(UnauthorizedError) as caught:
        await verifier_of(KEY, Clock()).verify(token)
    return caught.value


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_token_gets_the_one_401(token: str) -> None:
    refusal = await _refusal(token)
    plain = UnauthorizedError()
    assert (refusal.detail, refusal.headers, refusal.errors) == (plain.detail, plain.headers, ())
    assert refusal.__suppress_context__


async def test_the_tokens_are_hostile_by_what_they_say_alone() -> None:
    assert await verifier_of(KEY, Clock()).verify(GOOD) == "alice"
    assert await verifier_of(KEY, Clock()).verify(sign(KEY, claims_of(), HEADER)) == "alice"
    assert await verifier_of(KEY, Clock()).verify(_claim_text("a", "{}")) == "alice"


async def test_a_refused_token_is_refused_again_beside_a_good_one() -> None:
    verifier = verifier_of(KEY, Clock())
    assert await verifier.verify(GOOD) == "alice"
    for token in (FORGED["payload exchanged"], BENT["expired"]) * 2:
        with pytest.raises(UnauthorizedError):
            await verifier.verify(token)


async def test_nesting_is_read_or_refused_and_breaks_nothing() -> None:
    deep = _claim_text("a", "[" * 2700 + "]" * 2700)
    assert len(deep) <= TOKEN_LENGTH_MAX
    outcome: str | UnauthorizedError
    try:
        outcome = await verifier_of(KEY, Clock()).verify(deep)
    except UnauthorizedError as refusal:
        outcome = refusal
    # Newer Pythons read it.
    assert outcome == "alice" or isinstance(outcome, UnauthorizedError)


async def test_length_is_bounded_to_the_character() -> None:
    room = TOKEN_LENGTH_MAX - len(_claims(a=""))
    fits = _claims(a="x" * (room * 3 // 4 - 2))
    assert TOKEN_LENGTH_MAX - 8 < len(fits) <= TOKEN_LENGTH_MAX
    assert await verifier_of(KEY, Clock()).verify(fits) == "alice"
    await _refusal(_claims(a="x" * (room * 3 // 4 + 8)))


@given(st.text(max_size=200) | st.from_regex(r"[\w-]{1,40}\.[\w-]{1,40}\.[\w-]{1,90}", fullmatch=True))
async def test_noise_is_refused(noise: str) -> None:
    await _refusal(noise)


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="ascii"))
async def test_a_token_with_one_character_changed_is_refused(place: int, letter: str) -> None:
    changed = GOOD[:place] + letter + GOOD[place + 1 :]
    if changed == GOOD:
        assert await verifier_of(KEY, Clock()).verify(changed) == "alice"
    else:
        await _refusal(changed)
