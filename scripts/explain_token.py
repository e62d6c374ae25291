"""Say which check a token fails: `python scripts/explain_token.py TOKEN`, or `-` to read it from stdin."""

import argparse
import asyncio
import sys
import time

import _path  # noqa: F401 (makes `app` importable)
from app.core.auth.claim_checks import CLAIM_CHECKS
from app.core.auth.dev_key import DevKeyError
from app.core.auth.token_checks import Claims, Rules, TokenRefusedError, signed_claims
from app.core.auth.tokens import keys_for, rules_of
from app.core.config import Settings, SettingsError, load_settings
from app.core.errors import UnavailableError

PASSES, FAILS, COULD_NOT_RUN = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """One line a check. Exit 0 if the token passes, 1 if it fails, 2 if the checks could not run."""
    parser = argparse.ArgumentParser(description="Say, check by check, why this service refuses a token.")
    parser.add_argument("token", help="the token, or - to read it from standard input")
    given = parser.parse_args(arguments).token
    try:
        return asyncio.run(explain(sys.stdin.read() if given == "-" else given, load_settings()))
    except (SettingsError, DevKeyError, UnavailableError) as error:
        print(error, file=sys.stderr)
        return COULD_NOT_RUN


async def explain(token: str, settings: Settings) -> int:
    """Check the token as the service does, against the same keys and rules."""
    rules = rules_of(settings)
    keys = keys_for(settings, rules)
    try:
        claims = await signed_claims(_bare(token), keys, rules, _passed)
    except TokenRefusedError as refused:
        _failed(refused)
        return FAILS
    finally:
        await keys.aclose()
    return explain_claims(claims, rules, int(time.time()))


def explain_claims(claims: Claims, rules: Rules, now: int) -> int:
    """Check every claim, also after one that fails: the signature vouches for them."""
    result = PASSES
    for name, check in CLAIM_CHECKS:
        try:
            check(claims, rules, now)
        except TokenRefusedError as refused:
            _failed(refused)
            result = FAILS
        else:
            _passed(name)
    if result == PASSES:
        print(f"The token passes: its bearer is {claims['sub']}.")
    return result


def _bare(token: str) -> str:
    """The token without what is copied along with it."""
    words = token.split()
    return words[1] if len(words) == 2 and words[0].lower() == "bearer" else token.strip()


def _passed(check: str) -> None:
    print(f"ok      {check}")


def _failed(refused: TokenRefusedError) -> None:
    print(f"FAILED  {refused.code}: {refused.sentence}")


if __name__ == "__main__":
    sys.exit(main())
