"""The OpenAPI document: what a client generator makes its client of."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import msgspec
import pytest

from app.core.http.problems import Problem
from app.main import create_app
from tests.api.operations import (
    ANSWERS,
    BODIES,
    CONDITIONS,
    FORMS,
    FORMS_OF_ANSWERS,
    OPERATIONS,
    QUERIES,
    ROWS,
    STRUCTS,
    UNTAGGED,
    told_of,
)
from tests.service import client_of, settings_for

Json = dict[str, Any]

PAGE_LIMIT = {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
LIMITS = {"listChanges": PAGE_LIMIT | {"maximum": 1000, "default": 200}}


@pytest.fixture
async def nobody(memory_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Someone without a token, at a service that has not even looked for its database."""
    async with client_of(create_app(settings_for(memory_database_url))) as client:
        yield client


@pytest.fixture
async def document(nobody: httpx.AsyncClient) -> Json:
    answer = await nobody.get("/schema/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json"
    found: Json = answer.json()
    return found


@pytest.fixture
def operations(document: Json) -> dict[str, Json]:
    """The operations by their ids."""
    every = [operation for path in document["paths"].values() for operation in path.values()]
    return {operation["operationId"]: operation for operation in every}


@pytest.fixture
def schemas(document: Json) -> dict[str, Json]:
    found: dict[str, Json] = document["components"]["schemas"]
    return found


def nodes_of(node: Any) -> Iterator[Json]:
    """Every object within the document."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes_of(inner)


def resolved(document: Json, reference: str) -> Any:
    """What a reference points at."""
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def parameters_of(operation: Json, where: str) -> dict[str, Json]:
    return {found["name"]: found for found in operation.get("parameters", []) if found["in"] == where}


def test_it_is_openapi_3_1_and_says_what_it_is(document: Json) -> None:
    assert re.fullmatch(r"3\.1\.\d", document["openapi"])
    assert document["info"]["title"] == "Daybook"
    assert document["info"]["license"]["identifier"] == "MIT"
    scheme = document["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    assert all(tag["description"] for tag in document["tags"])


def test_the_operations_are_these(document: Json) -> None:
    found = [
        (operation["operationId"], (method, path))
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    assert sorted(found) == sorted(OPERATIONS.items())


def test_every_operation_says_what_it_does_under_a_declared_tag(
    document: Json, operations: dict[str, Json]
) -> None:
    declared = {tag["name"] for tag in document["tags"]}
    for name, operation in operations.items():
        assert set(operation["tags"]) <= declared
        assert len(operation["tags"]) == 1
        assert " " in operation["summary"], name


def test_rows_need_a_token_and_health_none(operations: dict[str, Json]) -> None:
    for name, operation in operations.items():
        assert operation["security"] == ([] if "Health" in name else [{"bearer": []}])


def test_every_answer_is_told(document: Json, operations: dict[str, Json]) -> None:
    for name, operation in operations.items():
        assert set(operation["responses"]) == told_of(ANSWERS, name), name
        for status, response in operation["responses"].items():
            told = resolved(document, response["$ref"]) if "$ref" in response else response
            assert told["description"], (name, status)
            assert "Request fulfilled, document follows" not in told["description"]
            assert ("content" in told) == (status not in {"204", "304"}), (name, status)


def test_errors_are_problems(document: Json) -> None:
    for name, response in document["components"]["responses"].items():
        assert name.startswith("Problem")
        content = response["content"]["application/problem+json"]
        assert content == {"schema": {"$ref": "#/components/schemas/Problem"}}
    told = {
        name: set(found.get("headers", ())) for name, found in document["components"]["responses"].items()
    }
    assert told["Problem401"] == {"WWW-Authenticate"}
    assert told["Problem503"] == {"Retry-After"}


def test_answers_name_their_schema_and_their_headers(operations: dict[str, Json]) -> None:
    for name, operation in operations.items():
        for status in {"200", "201"} & set(operation["responses"]):
            response = operation["responses"][status]
            assert set(response["content"]) == FORMS_OF_ANSWERS.get(name, {"application/json"}), name
            if document := response["content"].get("application/json"):
                assert set(document["schema"]) == {"$ref"}, name
            headers = set() if name in UNTAGGED else {"ETag"}
            headers |= {"Location"} if status == "201" else set()
            headers |= {"Idempotency-Replayed"} if "Idempotency-Key" in told_of(CONDITIONS, name) else set()
            assert set(response.get("headers", ())) == headers, name


@pytest.mark.parametrize(("name", "query"), QUERIES.items())
def test_a_list_takes_what_its_query_says(operations: dict[str, Json], name: str, query: Any) -> None:
    found = parameters_of(operations[name], "query")
    fields = {field.encode_name: field for field in msgspec.structs.fields(query)}
    assert list(found) == list(fields)
    for parameter in found.values():
        assert parameter.get("description"), parameter
        assert parameter.get("required", False) == fields[parameter["name"]].required
        assert "null" not in str(parameter["schema"]), parameter
    if "limit" in fields:
        assert found["limit"]["schema"] == LIMITS.get(name, PAGE_LIMIT)


def test_conditions_are_told(operations: dict[str, Json]) -> None:
    found = {name: set(parameters_of(operation, "header")) for name, operation in operations.items()}
    for name, headers in found.items():
        assert headers == told_of(CONDITIONS, name), name


def test_path_parameters_are_told(operations: dict[str, Json]) -> None:
    for name, (_, path) in OPERATIONS.items():
        found = parameters_of(operations[name], "path")
        assert set(found) == set(re.findall(r"{(\w+)}", path))
        for parameter in found.values():
            words = parameter["name"].removesuffix("_id").replace("_", " ")
            is_key = parameter["name"] == "key"
            said = "Its key." if is_key else f"The {words}'s id."
            assert (parameter["required"], parameter["description"]) == (True, said)
            assert parameter["schema"] == {"type": "string"} | ({} if is_key else {"format": "uuid"})


def test_bodies_refuse_what_they_do_not_know_and_have_examples_that_pass(
    operations: dict[str, Json], schemas: dict[str, Json]
) -> None:
    structs = {struct.__name__: struct for struct in STRUCTS}
    found = {name for name, operation in operations.items() if "requestBody" in operation}
    assert found == set(BODIES)
    for name, body in BODIES.items():
        contents = operations[name]["requestBody"]["content"]
        patches = {"application/merge-patch+json"} if name.startswith("patch") else set()
        assert set(contents) == {"application/json"} | patches
        content = contents["application/json"]
        assert all(other == content for other in contents.values())
        assert content["schema"] == {"$ref": f"#/components/schemas/{body}"}
        assert schemas[body]["additionalProperties"] is False
        msgspec.json.decode(msgspec.json.encode(content["example"]), type=structs[body])


@pytest.mark.parametrize(("name", "row"), ROWS.items())
def test_a_row_always_has_every_field(schemas: dict[str, Json], name: str, row: Any) -> None:
    fields = [field.name for field in msgspec.structs.fields(row)]
    assert schemas[name]["required"] == fields == list(schemas[name]["properties"])


@pytest.mark.parametrize("field", ["created_at", "updated_at", "completed_at", "due_at", "deleted_at"])
def test_instants_are_told_from_texts(schemas: dict[str, Json], field: str) -> None:
    schema = schemas["TaskOut"]["properties"][field]
    (kind,) = [choice for choice in schema.get("anyOf", [schema]) if choice != {"type": "null"}]
    assert (kind["type"], kind["format"]) == ("string", "date-time")


def test_schemas_have_names_and_words(schemas: dict[str, Json]) -> None:
    assert {"DatabaseHealth", "Fault", "Health", "Problem", *FORMS} <= set(schemas)
    for name, schema in schemas.items():
        assert schema["title"] == name
        assert "enum" in schema or schema["description"]
        assert "\n   " not in schema.get("description", "")


def test_a_priority_is_one_type_wherever_it_stands(document: Json, schemas: dict[str, Json]) -> None:
    ranked = ["none", "low", "medium", "high", "urgent"]
    assert schemas["Priority"] == {"title": "Priority", "type": "string", "enum": ranked}
    places = [node for node in nodes_of(document) if set(node.get("enum", ())) == set(ranked)]
    assert places == [schemas["Priority"]]


def test_no_reference_dangles_and_no_schema_is_left_over(document: Json) -> None:
    references = {node["$ref"] for node in nodes_of(document) if isinstance(node.get("$ref"), str)}
    assert all(resolved(document, reference) for reference in references)
    for kind in ("schemas", "responses"):
        for name in document["components"][kind]:
            assert f"#/components/{kind}/{name}" in references


def test_the_problem_is_told_as_it_is(schemas: dict[str, Json]) -> None:
    fields = [field.name for field in msgspec.structs.fields(Problem)]
    assert list(schemas["Problem"]["properties"]) == fields


async def test_it_is_the_same_each_time(nobody: httpx.AsyncClient, document: Json) -> None:
    assert (await nobody.get("/schema/openapi.json")).json() == document
