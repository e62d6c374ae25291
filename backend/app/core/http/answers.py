"""Answers: rendered rows and pages as HTTP responses, with their tags."""

from typing import Any, Final, cast

from litestar import MediaType, Response
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT, HTTP_304_NOT_MODIFIED

from app.core.http.etags import ANY, Version, row_tag, versions_of
from app.core.rows.pages import Page
from app.core.rows.resources import Out, Resource, Row

API_PATH: Final = "/api/v1"


def row_answer(row: Row[Out], if_none_match: list[str] | None = None) -> Response[Out]:
    """200 with the row and its tag; 304 where If-None-Match names its version."""
    headers = {"ETag": row_tag(row.epoch, row.seq)}
    known = versions_of(if_none_match or [])
    if ANY in known or Version(row.epoch, row.seq) in known:
        return _rendered(b"", HTTP_304_NOT_MODIFIED, headers)
    return _rendered(row.body.encode(), HTTP_200_OK, headers)


def row_or_nothing(row: Row[Out] | None, if_none_match: list[str]) -> Response[Out]:
    """As `row_answer`, or 204 where there is no row."""
    return _rendered(b"", HTTP_204_NO_CONTENT, {}) if row is None else row_answer(row, if_none_match)


def created_answer(row: Row[Out], resource: Resource[Out]) -> Response[Out]:
    """201 with the new row, its tag, and where it is."""
    headers = {"ETag": row_tag(row.epoch, row.seq), "Location": f"{API_PATH}{resource.path}/{row.key}"}
    return _rendered(row.body.encode(), HTTP_201_CREATED, headers)


def page_answer(page: Page, out: type[Out]) -> Response[Out]:  # noqa: ARG001 (names the answer's type)
    """200 with the page and its tag, if it has one; 304 where the asker's copy is still good."""
    headers = {"ETag": page.tag} if page.tag else {}
    if page.body is None:
        return _rendered(b"", HTTP_304_NOT_MODIFIED, headers)
    return _rendered(page.body, HTTP_200_OK, headers)


def _rendered(body: bytes, status_code: int, headers: dict[str, str]) -> Response[Any]:
    """A response whose body is the rendered JSON of what its type says."""
    response = Response(body, status_code=status_code, headers=headers, media_type=MediaType.JSON)
    return cast(Response[Any], response)
