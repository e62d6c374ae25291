"""Mint a token for a person with the development key: `python scripts/make_token.py alice`."""

import argparse
import sys

import _path  # noqa: F401 (makes `app` importable)
from app.core.auth.dev_key import DevKeyError, mint_token
from app.core.config import SettingsError, load_settings


def main(arguments: list[str] | None = None) -> int:
    """Print the token, and nothing else, on stdout. Exit 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(description="Mint a token with the development key, good for a day.")
    parser.add_argument("user", help="whose token it is: the user_id of the rows it opens, such as alice")
    user = parser.parse_args(arguments).user
    try:
        print(mint_token(load_settings(), user))
    except (SettingsError, DevKeyError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
