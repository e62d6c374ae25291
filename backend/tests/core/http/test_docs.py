"""The documentation page: everything it needs comes from here, and nothing else does."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, Request, Response
from litestar.testing import TestClient

from app.core.errors import ProblemError
from app.core.http.docs import DOCS_CSP, FOLDER, SWAGGER_UI_VERSION, docs_handlers
from app.core.http.edge import Edge


def _status_alone(_request: Request[Any, Any, Any], error: Exception) -> Response[None]:
    return Response(None, status_code=error.status if isinstance(error, ProblemError) else 500)


@pytest.fixture
def client() -> Iterator[TestClient[Litestar]]:
    """The documentation behind the edge, and nothing else."""
    app = Litestar(
        docs_handlers(),
        exception_handlers={Exception: _status_alone},
        logging_config=None,
        openapi_config=None,
    )
    app.asgi_handler = Edge(app, app.asgi_handler)
    with TestClient(app) as client:
        yield client


def test_the_page_and_all_it_refers_to_come_from_here(client: TestClient[Litestar]) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == DOCS_CSP
    parts = re.findall(r'(?:src|href)="(/docs/[^"]+)"', page.text)
    assert len(parts) == 3
    for part in parts:
        assert client.get(part).status_code == 200, part


def test_our_own_files_name_no_other_host_and_hold_no_inline_code(client: TestClient[Litestar]) -> None:
    page, script = client.get("/docs").text, client.get("/docs/init.js").text
    assert re.findall(r"(?:https?:)?//[a-z]", page + script) == []
    assert re.findall(r"<script>|<style|style=|\son[a-z]+=", page) == []
    assert 'url: "/schema/openapi.json"' in script
    assert "validatorUrl: null" in script
    assert "'unsafe" not in DOCS_CSP


def test_vendored_files_are_kept_for_ever_under_their_version(client: TestClient[Litestar]) -> None:
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        answer = client.get(f"/docs/{SWAGGER_UI_VERSION}/{name}")
        assert answer.content == (FOLDER / name).read_bytes()
        assert "immutable" in answer.headers["cache-control"]
    assert client.get("/docs/init.js").headers["cache-control"] == "no-cache"


def test_the_version_is_the_same_everywhere() -> None:
    assert f"swagger-ui-dist {SWAGGER_UI_VERSION}," in (FOLDER / "NOTICE").read_text()
    page = (FOLDER / "index.html").read_text()
    assert set(re.findall(r"/docs/([0-9.]+)/", page)) == {SWAGGER_UI_VERSION}


@pytest.mark.parametrize("path", ["/docs", "/docs/init.js", f"/docs/{SWAGGER_UI_VERSION}/swagger-ui.css"])
def test_head_and_conditions(client: TestClient[Litestar], path: str) -> None:
    whole = client.get(path)
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    again = client.get(path, headers={"If-None-Match": f'"another", {whole.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == whole.headers["etag"]
    assert client.get(path, headers={"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/docs/NOTICE",
        "/docs/index.html",
        "/docs/swagger-ui.css",
        "/docs/0.0.0/swagger-ui.css",
        "/docs/%2e%2e/%2e%2e/main.py",
        "/docs/..%2f..%2fmain.py",
        f"/docs/{SWAGGER_UI_VERSION}/%2e%2e/NOTICE",
        "/docs//etc/passwd",
        "/docs/init.js%00",
    ],
)
def test_no_other_file_is_served(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path).status_code == 404
