"""Answers: rendered rows and pages as HTTP responses, with their tags."""

from functools import lru_cache
from typing import Any, Final

from litestar import Litestar, Request, Response
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT, HTTP_304_NOT_MODIFIED
from litestar.types import ASGIApp, Receive, Scope, Send

from app.core.http.accepts import CSV, JSON, SVG
from app.core.http.etags import ANY, Version, row_tag, versions_of
from app.core.http.idempotency import RememberedResponse
from app.core.rows.pages import Page
from app.core.rows.resources import Out, Resource, Row

API_PATH: Final = "/api/v1"
_BODILESS: Final = (HTTP_204_NO_CONTENT, HTTP_304_NOT_MODIFIED)


def row_answer(row: Row[Out], if_none_match: list[str] | None = None) -> Response[Out]:
    """200 with the row and its tag; 304 where If-None-Match names its version."""
    headers = {"ETag": row_tag(row.epoch, row.seq)}
    known = versions_of(if_none_match or [])
    if ANY in known or Version(row.epoch, row.seq) in known:
        return Rendered(b"", HTTP_304_NOT_MODIFIED, headers)
    return Rendered(row.body.encode(), HTTP_200_OK, headers)


def row_or_nothing(row: Row[Out] | None, if_none_match: list[str]) -> Response[Out]:
    """As `row_answer`, or 204 where there is no row."""
    return Rendered(b"", HTTP_204_NO_CONTENT, {}) if row is None else row_answer(row, if_none_match)


def created_answer(row: Row[Out], resource: Resource[Out]) -> Response[Out]:
    """201 with the new row, its tag, and where it is."""
    headers = {"ETag": row_tag(row.epoch, row.seq), "Location": f"{API_PATH}{resource.path}/{row.key}"}
    return Rendered(row.body.encode(), HTTP_201_CREATED, headers)


def page_answer(page: Page, out: type[Out]) -> Response[Out]:  # noqa: ARG001 (names the answer's type)
    """200 with the page and its tag, if it has one; 304 where the asker's copy is still good."""
    headers = {"ETag": page.tag} if page.tag else {}
    if page.body is None:
        return Rendered(b"", HTTP_304_NOT_MODIFIED, headers)
    return Rendered(page.body, HTTP_200_OK, headers)


def negotiated_answer(tag: str | None, body: bytes | None, media_type: str, file_name: str) -> Response[Any]:
    """200 with the body in the form that Accept asks for, CSV as a file of that name; 304 without a body."""
    headers = {"Vary": "Accept"} | ({"ETag": tag} if tag else {})
    if body is None:
        return Rendered(b"", HTTP_304_NOT_MODIFIED, headers)
    if media_type == CSV:
        headers["Content-Disposition"] = f'attachment; filename="{file_name}.csv"'
    return Rendered(body, HTTP_200_OK, headers, media_type)


def drawing_answer(tag: str | None, drawing: str | None, policy: str) -> Response[str]:
    """200 with the SVG and what a browser may do with it; 304 without one."""
    headers = {"Content-Security-Policy": policy} | ({"ETag": tag} if tag else {})
    status_code = HTTP_304_NOT_MODIFIED if drawing is None else HTTP_200_OK
    return Rendered((drawing or "").encode(), status_code, headers, SVG)


def json_answer(body: bytes) -> Response[Any]:
    """200 with JSON that is no one row and no list, and has no tag."""
    return Rendered(body, HTTP_200_OK, {})


class Rendered(RememberedResponse):
    """A response with nothing left to render, encode or look up: it is sent as it is.

    What Litestar would add (of handlers' own headers, cookies and tasks) no handler here has.
    """

    def __init__(
        self, body: bytes, status_code: int, headers: dict[str, str], media_type: str = JSON
    ) -> None:
        # What the base sets up besides is for rendering.
        self.content, self.headers, self.media_type = body, headers, media_type
        self.status_code: int = status_code

    def to_asgi_response(self, app: Litestar | None, request: Request[Any, Any, Any], **_: Any) -> Any:  # noqa: ARG002
        """The response as it is sent."""
        body, status_code = self.content, self.status_code
        self.remember(request, status_code, body)
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        if status_code not in _BODILESS:
            headers += [_content_type(str(self.media_type)), (b"content-length", b"%d" % len(body))]
        return _sender(status_code, headers, body)


def _sender(status_code: int, headers: list[tuple[bytes, bytes]], body: bytes) -> ASGIApp:
    async def send_all(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status_code, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return send_all


@lru_cache(maxsize=16)
def _content_type(media_type: str) -> tuple[bytes, bytes]:
    is_text = media_type.startswith("text/")
    return b"content-type", (f"{media_type}; charset=utf-8" if is_text else media_type).encode()
