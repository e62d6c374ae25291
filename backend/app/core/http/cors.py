"""Cross-origin requests: which pages of other origins may call, and what they may read.

The Fetch standard, §3.2. Only origins equal to a configured one get these headers; a browser refuses
its page everything without them.
"""

from collections.abc import Collection
from typing import Final

from litestar.types import HTTPScope

ACCEPTED: Final = (
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, X-Request-ID"
)
EXPOSED: Final = "ETag, Location, Retry-After, X-Request-ID, Idempotency-Replayed"
MAX_AGE_SECONDS: Final = 600

Header = tuple[bytes, bytes]


def cors_headers(scope: HTTPScope, origins: Collection[str], allow: bytes | None) -> list[Header]:
    """What the answer tells the browser; `allow` is the answer's own Allow, which a preflight asks for."""
    given = [value for name, value in scope["headers"] if name == b"origin"]
    origin = given[0].decode("latin-1") if len(given) == 1 else None
    if origin is None or origin not in origins:
        return []
    found = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", EXPOSED.encode()),
    ]
    if allow and _is_preflight(scope):
        found += [
            (b"access-control-allow-methods", allow),
            (b"access-control-allow-headers", ACCEPTED.encode()),
            (b"access-control-max-age", b"%d" % MAX_AGE_SECONDS),
        ]
    return found


def _is_preflight(scope: HTTPScope) -> bool:
    asks = any(name == b"access-control-request-method" for name, _ in scope["headers"])
    return asks and scope["method"] == "OPTIONS"
