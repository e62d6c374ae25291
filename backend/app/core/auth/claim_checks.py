"""What the claims of a signed token must say (RFC 7519 §4.1): each check by itself, in order."""

from collections.abc import Callable
from typing import Final, TypeGuard

from app.core.auth.token_checks import (
    INSTANT_MAX,
    LEEWAY_SECONDS,
    Claims,
    Rules,
    TokenRefusedError,
    is_subject,
)

Check = Callable[[Claims, Rules, int], None]


def check_issuer(claims: Claims, rules: Rules, _: int) -> None:
    """`iss` is the issuer, to the letter."""
    issuer = claims.get("iss")
    if issuer != rules.issuer:
        raise TokenRefusedError("issuer", f"`iss` is {issuer!a}; AUTH_ISSUER is {rules.issuer!a}.")


def check_audience(claims: Claims, rules: Rules, _: int) -> None:
    """`aud` is the audience, or a list that holds it."""
    if rules.audience is None:
        return
    audience = claims.get("aud")
    if rules.audience not in (audience if isinstance(audience, list) else [audience]):
        raise TokenRefusedError("audience", f"`aud` is {audience!a}; AUTH_AUDIENCE is {rules.audience!a}.")


def check_expiry(claims: Claims, _: Rules, now: int) -> None:
    """`exp` is a moment to come, or just past."""
    expires = claims.get("exp")
    if not _is_instant(expires):
        raise TokenRefusedError("exp", "`exp` is missing, or not a whole number of seconds.")
    if now >= expires + LEEWAY_SECONDS:
        raise TokenRefusedError("expired", f"`exp` passed {now - expires} s ago.")


def check_start(claims: Claims, _: Rules, now: int) -> None:
    """`nbf`, if there, is past, or nearly."""
    if "nbf" not in claims:
        return
    start = claims["nbf"]
    if not _is_instant(start):
        raise TokenRefusedError("nbf", "`nbf` is not a whole number of seconds.")
    if now < start - LEEWAY_SECONDS:
        raise TokenRefusedError("not_yet_valid", f"`nbf` is {start - now} s ahead.")


def check_subject(claims: Claims, _: Rules, __: int) -> None:
    """`sub` can be a `user_id`."""
    if not is_subject(claims.get("sub")):
        raise TokenRefusedError("sub", "`sub` is missing, or not 1 to 255 printable ASCII characters.")


def _is_instant(value: object) -> TypeGuard[int]:
    # Not isinstance: True is an int too.
    return type(value) is int and 0 <= value <= INSTANT_MAX


CLAIM_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("issuer", check_issuer),
    ("audience", check_audience),
    ("expiry", check_expiry),
    ("start", check_start),
    ("subject", check_subject),
)


def check_claims(claims: Claims, rules: Rules, now: int) -> None:
    """Every check of the claims at `now` (Unix seconds). Raises TokenRefusedError at the first that fails."""
    for _, check in CLAIM_CHECKS:
        check(claims, rules, now)
