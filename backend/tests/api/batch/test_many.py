"""Many new rows in a batch: made together, and refused as if each had come by itself."""

import sqlite3
from typing import Any

import asyncpg
import httpx
from litestar import Litestar

from tests.api.batch.calls import op, run
from tests.core.http.chances import CHANGE, before, raising
from tests.service import client_of

CODES = "/api/v1/time-codes"
BATCH = "/api/v1/batch"


def code(name: str) -> dict[str, Any]:
    return op("create", "time_codes", body={"code": name, "name": name})


async def test_rows_made_together_have_each_their_number_and_their_place(alice: httpx.AsyncClient) -> None:
    titles = ["Water", "Feed", "Pack"]
    steps = [op("create", body={"title": title}) for title in titles]
    results = await run(alice, *steps, code("garden"), code("house"), *steps)
    assert [result["row"]["seq"] for result in results] == list(range(1, 9))
    assert [result["row"].get("title") for result in results] == [*titles, None, None, *titles]
    assert len({result["row"]["id"] for result in results}) == 8
    assert all(result["row"]["updated_at"] >= result["row"]["created_at"] for result in results)


async def test_the_one_that_is_taken_is_named_and_nothing_stays(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    await alice.post(CODES, json={"code": "garden", "name": "Garden"})
    names = ["a", "b", "GARDEN", "c"]
    answer = await alice.post(BATCH, json={"operations": [code(name) for name in names]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, "/operations/2/body/code")
    assert [row["code"] for row in (await alice.get(CODES)).json()["items"]] == ["garden"]
    async with client_of(app, "bob") as bob:
        answer = await bob.post(BATCH, json={"operations": [code("x"), code("y"), code("X")]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, "/operations/2/body/code")
    assert len((await alice.post(BATCH, json={"operations": [code("d"), code("e")]})).json()["results"]) == 2


async def test_an_id_of_the_client_s_is_looked_at_by_itself(alice: httpx.AsyncClient) -> None:
    id_ = (await run(alice, op("create", body={"title": "Water"})))[0]["row"]["id"]
    steps = [op("create", body={"title": "Feed"}), op("create", body={"title": "Pack", "id": id_})]
    answer = await alice.post(BATCH, json={"operations": steps})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, "/operations/1")


async def test_what_is_given_up_is_not_tried_row_by_row(
    app: Litestar, alice: httpx.AsyncClient, engine_name: str
) -> None:
    """An INSERT that is interrupted may have taken its transaction with it, savepoint and all."""
    error: Exception = asyncpg.QueryCanceledError("words")
    if engine_name == "sqlite":
        error = sqlite3.OperationalError("words")
        error.sqlite_errorcode = sqlite3.SQLITE_INTERRUPT
    steps = [op("create", body={"title": title}) for title in ("Water", "Feed")]
    with before(app, CHANGE, raising(error), times=1):
        answer = await alice.post(BATCH, json={"operations": steps})
    assert answer.status_code == 503
    assert (await alice.get("/api/v1/tasks")).json()["items"] == []
