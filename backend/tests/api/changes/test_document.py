"""What the OpenAPI document says of the changes."""

from typing import Any

import pytest

from app.main import create_app
from tests.service import client_of, settings_for


@pytest.fixture
async def paths(memory_database_url: str) -> dict[str, Any]:
    async with client_of(create_app(settings_for(memory_database_url))) as nobody:
        found: dict[str, Any] = (await nobody.get("/schema/openapi.json")).json()["paths"]
        return found


def names(operation: dict[str, Any]) -> list[tuple[str, str]]:
    return [(parameter["in"], parameter["name"]) for parameter in operation["parameters"]]


def test_a_page_is_told(paths: dict[str, Any]) -> None:
    operation = paths["/api/v1/changes"]["get"]
    assert operation["operationId"] == "listChanges"
    assert names(operation) == [("query", name) for name in ("since", "types", "limit", "wait")]
    assert set(operation["responses"]) == {"200", "400", "401", "410", "422", "503"}
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ChangePage"}
    assert "headers" not in operation["responses"]["200"]


def test_the_stream_is_told(paths: dict[str, Any]) -> None:
    operation = paths["/api/v1/changes/stream"]["get"]
    assert operation["operationId"] == "streamChanges"
    assert names(operation) == [("query", "since"), ("query", "types"), ("header", "Last-Event-ID")]
    assert set(operation["responses"]) == {"200", "400", "401", "410", "422", "503"}
    assert operation["responses"]["200"]["content"] == {"text/event-stream": {"schema": {"type": "string"}}}
