"""Completes each operation of the OpenAPI document: its words, what it takes, and what it can answer."""

import inspect
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
from litestar.handlers import HTTPRouteHandler

from app.core.http.answers import API_PATH
from app.core.http.events import EVENT_STREAM
from app.core.http.openapi_schemas import REFERENCE, Json, query_parameters
from app.core.http.problems import PROBLEM_JSON

PROBLEMS: Final = {
    400: "The request can't be read.",
    401: "No valid token.",
    404: "Nothing of yours is here.",
    408: "The body did not arrive in time.",
    409: "It contradicts what is stored: the id is taken or in the trash, or `errors` says what is taken.",
    410: "The cursor is overtaken: load again without it.",
    412: "The row is not in the state that the condition asks for; `current` is the row.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Well-formed but invalid; `errors` says where.",
    503: "The database does not answer; try again.",
}

CONDITIONS: Final[Json] = {
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

IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Of your choice, a new one for each request: sent again with it, a request is not done"
    " twice but answered as before, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
TEXT: Final[Json] = {"type": "string"}
LAST_EVENT_ID: Final[Json] = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last event that you got; it counts before `since`.",
    "schema": TEXT,
}
EVENTS: Final = "Events: `change`, an item as its data; `gone`, where the cursor is overtaken meanwhile."
ETAG: Final[Json] = {"ETag": {"description": "The entity tag.", "schema": TEXT}}
REPLAYED: Final[Json] = {
    "Idempotency-Replayed": {"description": "`true` where the request was answered before.", "schema": TEXT}
}
LOCATION: Final[Json] = {"Location": {"description": "Where the new row is.", "schema": TEXT}}
RETRY_AFTER: Final[Json] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
CHALLENGE: Final[Json] = {"WWW-Authenticate": {"description": "`Bearer`.", "schema": TEXT}}
PROBLEM_HEADERS: Final[dict[int, Json]] = {401: CHALLENGE, 412: ETAG, 503: RETRY_AFTER}


Struct = type[msgspec.Struct]


class Operation(NamedTuple):
    """One operation of the document beside the handler that serves it."""

    path: str
    document: Json
    handler: HTTPRouteHandler

    @property
    def takes(self) -> set[str]:
        """The names of what the handler takes."""
        return set(self.handler.parsed_fn_signature.parameters)

    @property
    def may_bear_a_key(self) -> bool:
        """Whether an Idempotency-Key means something to it."""
        return "POST" in self.handler.http_methods and self.path.startswith(API_PATH)

    @property
    def structs(self) -> Iterator[Struct]:
        """The structs that the handler takes as a body, and those that it answers with."""
        answers = self.handler.parsed_fn_signature.return_type
        body = self.handler.parsed_data_field
        fields = [*((body, *body.inner_types) if body else ()), answers, *answers.inner_types]
        found = [field.annotation for field in fields]
        found += [spec.data_container for spec in (self.handler.responses or {}).values()]
        yield from (type_ for type_ in found if isinstance(type_, type) and issubclass(type_, msgspec.Struct))


def complete(operation: Operation, schemas: dict[str, Json]) -> None:
    """Adds to the operation what Litestar could not know; `schemas` are the document's own."""
    _complete_text(operation)
    _complete_input(operation)
    _complete_output(operation, schemas)


def problem_responses() -> dict[str, Json]:
    """The components that the operations' problems refer to."""
    return {f"Problem{status}": _problem_response(status) for status in PROBLEMS}


def _complete_text(operation: Operation) -> None:
    """What the operation does, in the words of its handler."""
    words = inspect.getdoc(operation.handler.fn) or ""
    operation.document["summary"] = words.partition("\n")[0].removesuffix(".")
    operation.document.pop("deprecated", None)


def _complete_input(operation: Operation) -> None:
    """The path, the query string, the conditions, and an example of the body."""
    parameters: list[Json] = operation.document.pop("parameters", [])
    for parameter in parameters:
        parameter.pop("deprecated", None)
        parameter["description"] = _description_of(parameter["name"])
    if query := operation.handler.opt.get("query"):
        parameters += query_parameters(query)
    parameters += _header_parameters(operation)
    if parameters:
        operation.document["parameters"] = parameters
    if (body := operation.handler.parsed_data_field) and body.is_optional:
        _complete_optional(operation.document["requestBody"])
    if example := operation.handler.opt.get("example"):
        operation.document["requestBody"]["content"]["application/json"]["example"] = example
    if "PATCH" in operation.handler.http_methods:
        content: Json = operation.document["requestBody"]["content"]
        content["application/merge-patch+json"] = content["application/json"]


def _header_parameters(operation: Operation) -> Iterator[Json]:
    """The conditions that the handler takes, the key of a POST, and where a stream goes on."""
    for name in operation.handler.parsed_fn_signature.parameters:
        if name in CONDITIONS:
            yield {**CONDITIONS[name], "in": "header", "schema": TEXT}
    if operation.may_bear_a_key:
        yield IDEMPOTENCY_KEY
    if "events" in operation.handler.opt:
        yield LAST_EVENT_ID


def _complete_optional(body: Json) -> None:
    """A body that need not be there: of what it is where it is."""
    body["required"] = False
    content = body["content"]["application/json"]
    content["schema"] = next(choice for choice in content["schema"]["oneOf"] if "$ref" in choice)


def _description_of(parameter: str) -> str:
    """What a parameter of the path names."""
    thing = parameter.removesuffix("_id")
    return "Its key." if thing == parameter else f"The {thing.replace('_', ' ')}'s id."


def _complete_output(operation: Operation, schemas: dict[str, Json]) -> None:
    """What each answer is, its headers, the problems, and whether a token is needed."""
    responses: Json = operation.document["responses"]
    for status, response in responses.items():
        _describe(response, schemas, int(status), operation.document["summary"])
    if not operation.path.startswith(API_PATH):
        operation.document["security"] = []
        return
    operation.document["security"] = [{"bearer": []}]
    if "events" in operation.handler.opt:
        responses["200"] = {"description": EVENTS, "content": {EVENT_STREAM: {"schema": TEXT}}}
    if "create_only" in operation.takes:
        responses["201"] = dict(responses["200"])
    for form in operation.handler.opt.get("forms", ()):
        responses["200"]["content"][form] = {"schema": TEXT}
    for status in {"200", "201"} & set(responses):
        if headers := _headers_of(operation, status):
            responses[status]["headers"] = headers
    if "if_none_match" in operation.takes:
        responses["304"] = {"description": "Your copy is still good.", "headers": ETAG}
    for problem in _problems_of(operation):
        responses[str(problem)] = {"$ref": f"#/components/responses/Problem{problem}"}
    operation.document["responses"] = dict(sorted(responses.items()))


def _headers_of(operation: Operation, status: str) -> Json:
    """The headers of a good answer with a body. What hangs on the very instant says so, and has no tag."""
    found: Json = ETAG if operation.handler.opt.get("tagged", True) else {}
    found = found | LOCATION if status == "201" else found
    return found | REPLAYED if operation.may_bear_a_key else found


def _describe(response: Json, schemas: dict[str, Json], status: int, summary: str) -> None:
    """Says what a good answer is, in its schema's words or the summary, and which headers another one has."""
    response.pop("headers", None)
    if status in PROBLEM_HEADERS:
        response["headers"] = PROBLEM_HEADERS[status]
        return
    for content in response.get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        words = schemas.get(name, {}).get("description", summary)
        response["description"] = words.partition("\n")[0]


def _problems_of(operation: Operation) -> set[int]:
    takes = operation.takes
    found = {400, 401, 503}
    found |= {404} if "{" in operation.path else set()
    found |= {408, 409, 413, 415, 422} if "data" in takes else set()
    found |= {412} if {"if_match", "create_only"} & takes else set()
    found |= {422} if operation.may_bear_a_key else set()
    found |= operation.handler.opt.get("problems", set())
    found |= {410} if "gone" in operation.handler.opt else set()
    return found | ({422} if "query" in operation.handler.opt else set())


def _problem_response(status: int) -> Json:
    schema = {"$ref": REFERENCE.format(name="Problem")}
    found: Json = {"description": PROBLEMS[status], "content": {PROBLEM_JSON: {"schema": schema}}}
    return found | ({"headers": PROBLEM_HEADERS[status]} if status in PROBLEM_HEADERS else {})
