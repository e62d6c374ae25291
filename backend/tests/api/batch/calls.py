"""What the tests of batches say again and again."""

from typing import Any

import httpx

BATCH = "/api/v1/batch"
Json = dict[str, Any]


def op(op_: str, type_: str = "tasks", **fields: Any) -> Json:
    """One operation."""
    return {"op": op_, "type": type_, **fields}


async def send(client: httpx.AsyncClient, *operations: Json, **more: Any) -> httpx.Response:
    """The answer to a batch of theirs."""
    return await client.post(BATCH, json={"operations": list(operations), **more})


async def run(client: httpx.AsyncClient, *operations: Json, **more: Any) -> list[Json]:
    """What became of the operations of a batch of theirs that is done."""
    answer = await send(client, *operations, **more)
    assert answer.status_code == 200, answer.text
    results: list[Json] = answer.json()["results"]
    return results


async def refused(client: httpx.AsyncClient, *operations: Json) -> tuple[int, str, list[tuple[str, str]]]:
    """Status and code of a batch that is refused, and the places that it points at."""
    answer = await send(client, *operations)
    problem = answer.json()
    return answer.status_code, problem["code"], [(f["pointer"], f["code"]) for f in problem["errors"]]
