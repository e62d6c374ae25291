"""The values that a setting may have: each function reads one, or raises ValueError with what to write.

No message repeats a value: people put passwords in the strangest places.
"""

import re
from typing import Any, Final
from urllib.parse import urlsplit

ALGORITHMS: Final = ("EdDSA", "Ed25519", "ES256", "ES384", "RS256", "RS384", "RS512", "PS256")
_ORIGIN: Final = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def split(value: Any) -> Any:
    """A comma-separated text as a tuple; anything else as it is."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def upper(value: Any) -> Any:
    """A text in capitals; anything else as it is."""
    return value.strip().upper() if isinstance(value, str) else value


def lower(value: Any) -> Any:
    """A text in small letters; anything else as it is."""
    return value.strip().lower() if isinstance(value, str) else value


def origin_of(text: str) -> str:
    """An origin as browsers send it in the Origin header (RFC 6454 §6.2), compared letter by letter."""
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        raise ValueError(
            "holds what is not an exact origin; write scheme://host[:port], without path, slash or wildcard"
        )
    scheme, host, port = match.groups()
    if port is not None and (not 1 <= int(port) <= 65535 or port == _DEFAULT_PORTS.get(scheme)):
        raise ValueError(f"holds a port that no browser sends; write {scheme}://{host}")
    return match.string


def algorithm_of(text: str) -> str:
    """An algorithm of public-key signatures (RFC 7518 §3.1, RFC 8037, RFC 9864)."""
    if text.startswith("HS"):
        raise ValueError("holds an algorithm with a shared secret; leave this out and set AUTH_SECRET")
    if text not in ALGORITHMS:
        raise ValueError(
            f"holds an algorithm that is not supported; write one or more of {', '.join(ALGORITHMS)}"
        )
    return text


def web_url(text: str, *, https_only: bool) -> str:
    """An absolute URL of the web."""
    wanted = "an https:// URL" if https_only else "an http:// or https:// URL"
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise ValueError(f"is not a URL; write {wanted}") from None
    if parts.scheme not in ("https", "http") or not named or re.search(r"\s", text):
        raise ValueError(f"is not an absolute URL; write {wanted}")
    if parts.username is not None or parts.fragment:
        raise ValueError(f"holds a user name or a fragment; write {wanted} without")
    if https_only and parts.scheme != "https":
        raise ValueError("is not https, which only development may do without; write an https:// URL")
    return text
