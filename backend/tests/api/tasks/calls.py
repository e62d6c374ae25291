"""What the tests of tasks say again and again."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from app.core.ids import new_id

TASKS = "/api/v1/tasks"


async def add(client: httpx.AsyncClient, **fields: object) -> dict[str, Any]:
    """A new task of theirs."""
    answer = await client.post(TASKS, json={"title": "Water the plants", **fields})
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


def at(task: dict[str, Any]) -> str:
    """Where a task is."""
    return f"{TASKS}/{task['id']}"


async def tag_of(client: httpx.AsyncClient, where: str) -> str:
    """The ETag of what is there now."""
    return (await client.get(where)).headers["etag"]


async def titles(client: httpx.AsyncClient, **query: str) -> list[str]:
    """The titles in a list."""
    answer = await client.get(TASKS, params=query)
    assert answer.status_code == 200, answer.text
    return [task["title"] for task in answer.json()["items"]]


def fields_of(answer: httpx.Response) -> list[tuple[str, str]]:
    """The places that a refusal points at, with the code of each."""
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def id_at(milliseconds: int, version: int = 7) -> str:
    """An id that carries this Unix time, and is like no other."""
    random = new_id().int & ((1 << 80) - 1)
    return str(UUID(int=milliseconds << 80 | (random & ~(0xF << 76)) | version << 76))


def milliseconds_now() -> int:
    """The Unix time."""
    return int(datetime.now(UTC).timestamp() * 1000)


def instant(text: str) -> datetime:
    """An instant from the wire."""
    return datetime.fromisoformat(text)
