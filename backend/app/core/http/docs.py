"""The documentation page at /docs: Swagger UI, served from this package, so that it needs no internet."""

import hashlib
from pathlib import Path
from typing import Any, Final, NamedTuple

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.core.errors import NotFoundError
from app.core.http.etags import parse_tags

DOCS_PATH: Final = "/docs"
SWAGGER_UI_VERSION: Final = "5.35.0"
FOLDER: Final = Path(__file__).resolve().parents[2] / "static" / "swagger-ui"

DOCS_CSP: Final = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
))  # fmt: skip
"""No inline script or style, and no host but our own: what the page does is what these files say."""

# Ours change with any release; the vendored ones only with the version in their path.
REVALIDATED: Final = "no-cache"
FOR_EVER: Final = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """A file as it is answered."""

    content: bytes
    media_type: str
    headers: dict[str, str]


def _asset(name: str, media_type: str, cache_control: str) -> Asset:
    content = (FOLDER / name).read_bytes()
    headers = {
        "Cache-Control": cache_control,
        "Content-Security-Policy": DOCS_CSP,
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
    }
    return Asset(content, media_type, headers)


# A request can only name what is written here: no path of a client's ever reaches the file system.
PAGE: Final = _asset("index.html", "text/html", REVALIDATED)
ASSETS: Final = {
    "init.js": _asset("init.js", "text/javascript", REVALIDATED),
    f"{SWAGGER_UI_VERSION}/swagger-ui.css": _asset("swagger-ui.css", "text/css", FOR_EVER),
    f"{SWAGGER_UI_VERSION}/swagger-ui-bundle.js": _asset("swagger-ui-bundle.js", "text/javascript", FOR_EVER),
}


def _answer(asset: Asset, request: Request[Any, Any, Any]) -> Response[bytes]:
    held = parse_tags(request.headers.get("if-none-match"), "If-None-Match") or []
    if "*" in held or asset.headers["ETag"] in held:
        return Response(b"", status_code=304, headers=asset.headers, media_type=asset.media_type)
    return Response(asset.content, headers=asset.headers, media_type=asset.media_type)


@get(DOCS_PATH, include_in_schema=False, sync_to_thread=False)
def docs_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The page itself."""
    return _answer(PAGE, request)


@get(f"{DOCS_PATH}/{{name:path}}", include_in_schema=False, sync_to_thread=False)
def docs_asset(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file of the page's."""
    asset = ASSETS.get(name.removeprefix("/"))
    if asset is None:
        raise NotFoundError("There is no such file.")
    return _answer(asset, request)


def docs_handlers() -> list[HTTPRouteHandler]:
    """The route handlers of the documentation page, for the app. They ask for no token."""
    return [docs_page, docs_asset]
