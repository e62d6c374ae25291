"""The OpenAPI 3.1 document: Litestar's, completed with what it can't see.

What msgspec checks of each body, what a list's query string takes, which conditions a handler reads, and
the problems that each operation can answer with.
"""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, Final

from litestar import Controller, Litestar, Request, Response, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme, Tag
from litestar.routes import HTTPRoute

from app.core.errors import Fault, NotFoundError
from app.core.http.openapi_operations import Operation, Struct, complete, problem_responses
from app.core.http.openapi_schemas import Json, enums_of, refuse_clashes, struct_schemas, with_named_enums
from app.core.http.problems import Problem

SCHEMA_PATH: Final = "/schema"


class CompletedDocument(JsonRenderPlugin):
    """Serves the completed document; it is completed once."""

    def __init__(self) -> None:
        super().__init__(path="/openapi.json")
        self._rendered: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        """The document as JSON."""
        if self._rendered is None:
            self._rendered = self.render_json(request, completed(openapi_schema, request.app))
        return self._rendered


def openapi_config(version: str, controllers: Iterable[type[Controller]]) -> OpenAPIConfig:
    """What Litestar is to document, and where; each controller's tag is told in the controller's words."""
    return OpenAPIConfig(
        title="Daybook",
        version=version,
        summary="A person's tasks and time.",
        description="A row belongs to the `sub` of the bearer token. Errors are RFC 9457 problem documents.",
        license=License(name="MIT", identifier="MIT"),
        openapi_router=Router(
            SCHEMA_PATH, route_handlers=[], include_in_schema=False, after_request=_refuse_page
        ),
        render_plugins=[CompletedDocument()],
        tags=_tags(controllers),
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http", scheme="bearer", bearer_format="JWT", description="A token of your issuer's."
                )
            }
        ),
    )


def _tags(controllers: Iterable[type[Controller]]) -> list[Tag]:
    """Each tag once, in the words of the first controller that has it."""
    words: dict[str, str | None] = {}
    for controller in controllers:
        for name in vars(controller)["tags"]:
            words.setdefault(name, inspect.getdoc(controller))
    return [Tag(name, description=description) for name, description in words.items()]


def _refuse_page(response: Response[Any]) -> Response[Any]:
    """Litestar answers an unknown path beside the document with a page in HTML; here it is a problem."""
    if response.status_code == NotFoundError.status:
        raise NotFoundError("There is nothing at this path.")
    return response


def completed(document: Json, app: Litestar) -> Json:
    """The document with what Litestar could not know; it changes the one it is given."""
    operations = list(_operations(document, app))
    structs = {struct for operation in operations for struct in operation.structs}
    queries = {query for operation in operations if (query := operation.handler.opt.get("query"))}
    by_name: list[Struct] = sorted({Problem, Fault, *structs}, key=lambda struct: struct.__name__)
    schemas = struct_schemas(by_name)
    for operation in operations:
        complete(operation, schemas)
    components = document["components"]
    components["responses"] = problem_responses()
    enums = enums_of([*by_name, *queries])
    named: dict[str, Json] = {}
    document["paths"] = with_named_enums(document["paths"], enums, named)
    schemas = with_named_enums(schemas, enums, named)
    refuse_clashes(schemas, named)
    components["schemas"] = dict(sorted((schemas | named).items()))
    return document


def _operations(document: Json, app: Litestar) -> Iterator[Operation]:
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else []:
            for method in handler.http_methods:
                found = document["paths"].get(route.path_format, {}).get(method.lower())
                if found and handler.resolve_include_in_schema():
                    yield Operation(route.path_format, found, handler)
