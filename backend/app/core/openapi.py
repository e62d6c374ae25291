"""The OpenAPI 3.1 document: Litestar's, completed with what it can't see.

That unknown fields are refused, what a list's query string takes, which conditions a handler reads, and
the problems that each operation can answer with.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme, Tag
from litestar.routes import HTTPRoute

from app.core.answers import API_PATH
from app.core.errors import Fault
from app.core.problems import PROBLEM_JSON, Problem

REFERENCE: Final = "#/components/schemas/{name}"
Json = dict[str, Any]

PROBLEMS: Final = {
    400: "The request can't be read.",
    401: "No valid token.",
    404: "Nothing of yours is here.",
    409: "It contradicts what is stored: the id is taken, or lies in the trash.",
    412: "The row is not in the state that the condition asks for; `current` is the row.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Well-formed but invalid; `errors` says where.",
    503: "The database does not answer; try again.",
}

HEADERS: Final[Json] = {
    "if_match": {
        "name": "If-Match",
        "description": "Row tags: change the row only where it bears one of them.",
    },
    "if_none_match": {
        "name": "If-None-Match",
        "description": "Tags of copies that you hold: 304 where one is still good.",
    },
    "create_only": {"name": "If-None-Match", "description": "`*`: create, but do not replace."},
}


class Operation(NamedTuple):
    """One operation of the document beside the handler that serves it."""

    path: str
    document: Json
    handler: HTTPRouteHandler


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


def openapi_config(version: str) -> OpenAPIConfig:
    """What Litestar is to document, and where."""
    return OpenAPIConfig(
        title="Daybook",
        version=version,
        summary="A person's tasks and time.",
        description="Every row belongs to the `sub` of the bearer token. Errors are RFC 9457 problem documents.",
        license=License(name="MIT", identifier="MIT"),
        path="/schema",
        render_plugins=[CompletedDocument()],
        tags=[Tag(name="Tasks", description="What a person means to do."), Tag(name="Health")],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http", scheme="bearer", bearer_format="JWT", description="A token of your issuer's."
                )
            }
        ),
    )


def completed(document: Json, app: Litestar) -> Json:
    """The document with what Litestar could not know; it changes the one it is given."""
    schemas: Json = document["components"].setdefault("schemas", {})
    _, problems = msgspec.json.schema_components([Problem, Fault], ref_template=REFERENCE)
    schemas.update(problems)
    document["components"]["responses"] = {
        f"Problem{status}": {
            "description": text,
            "content": {PROBLEM_JSON: {"schema": {"$ref": REFERENCE.format(name="Problem")}}},
        }
        for status, text in PROBLEMS.items()
    }
    for operation in _operations(document, app):
        _complete_input(operation, schemas)
        _complete_output(operation)
    return document


def _operations(document: Json, app: Litestar) -> Iterator[Operation]:
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else []:
            for method in handler.http_methods:
                found = document["paths"].get(route.path_format, {}).get(method.lower())
                if found and handler.resolve_include_in_schema():
                    yield Operation(route.path_format, found, handler)


def _complete_input(operation: Operation, schemas: Json) -> None:
    """The query string, the conditions, and the refusal of unknown fields."""
    handler, parameters = operation.handler, operation.document.setdefault("parameters", [])
    if query := handler.opt.get("query"):
        parameters += list(_query_parameters(query))
    for name in handler.parsed_fn_signature.parameters:
        if name in HEADERS:
            parameters.append({**HEADERS[name], "in": "header", "schema": {"type": "string"}})
    if body := handler.parsed_data_field:
        schemas[body.annotation.__name__]["additionalProperties"] = False
        if example := handler.opt.get("example"):
            operation.document["requestBody"]["content"]["application/json"]["example"] = example
    if not parameters:
        del operation.document["parameters"]


def _complete_output(operation: Operation) -> None:
    """The problems, the tags, and that a token is needed."""
    if not operation.path.startswith(API_PATH):
        operation.document["security"] = []
        return
    operation.document["security"] = [{"bearer": []}]
    responses = operation.document["responses"]
    for problem in _problems_of(operation.handler):
        responses[str(problem)] = {"$ref": f"#/components/responses/Problem{problem}"}
    names = set(operation.handler.parsed_fn_signature.parameters)
    if "if_none_match" in names:
        responses["304"] = {"description": "Your copy is still good."}
    for status in sorted({"200", "201"} & set(responses)):
        tag = {"description": "The entity tag.", "schema": {"type": "string"}}
        responses[status].setdefault("headers", {})["ETag"] = tag
        if status == "201":
            where = {"description": "Where the new row is.", "schema": {"type": "string"}}
            responses[status]["headers"]["Location"] = where


def _problems_of(handler: HTTPRouteHandler) -> set[int]:
    names = set(handler.parsed_fn_signature.parameters)
    found = {400, 401, 503}
    found |= (
        {404}
        if "task_id" in names or any(name.endswith("_id") and name != "user_id" for name in names)
        else set()
    )
    found |= {409, 413, 415, 422} if "data" in names else set()
    found |= {412} if "if_match" in names else set()
    return found | ({422} if "query" in handler.opt else set())


def _query_parameters(query: type[msgspec.Struct]) -> Iterator[Json]:
    _, components = msgspec.json.schema_components([query], ref_template=REFERENCE)
    for name, schema in components[query.__name__]["properties"].items():
        description = schema.pop("description", None)
        yield {"name": name, "in": "query", "schema": schema} | (
            {"description": description} if description else {}
        )
