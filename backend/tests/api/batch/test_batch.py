"""Batches: many writes of any rows in one transaction, in order, all or none."""

import asyncio
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.api.batch.schemas import OPERATIONS_MAX
from app.core.ids import new_id
from tests.api.batch.calls import BATCH, op, refused, run, send
from tests.api.kinds import KINDS, Kind, id_of
from tests.api.tasks.calls import TASKS, add, at, tag_of, titles
from tests.api.tasks.test_statements import assert_about
from tests.service import Statement

WATER = {"title": "Water"}


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what no two have alike."""
    return {name: value for name, value in row.items() if name not in ("created_at", "updated_at")}


@pytest.mark.parametrize("kind", KINDS, ids=id_of)
async def test_each_operation_is_what_its_own_request_would_be(kind: Kind, alice: httpx.AsyncClient) -> None:
    type_, one, other = kind.resource.table.name, str(new_id()), str(new_id())
    first, second = kind.draft(), kind.draft()
    results = await run(
        alice,
        op("create", type_, body=first | {"id": one}),
        op("put", type_, id=other, body=second),
        op("put", type_, id=other, body=second, if_match="*"),
        op("patch", type_, id=one, body={"description": None}),
        op("delete", type_, id=one),
        op("restore", type_, id=one),
        op("delete", type_, id=other),
    )
    assert [result["status"] for result in results] == [201, 201, 200, 200, 204, 200, 204]
    assert [result["row"]["seq"] for result in results if "row" in result] == [1, 2, 3, 4, 6]
    assert [set(result) for result in results if result["status"] == 204] == [{"status"}] * 2
    read = await alice.get(f"{kind.where}/{one}")
    assert (read.json(), read.headers["etag"]) == (results[5]["row"], results[5]["etag"])
    assert list(results[0]["row"]) == list(kind.resource.columns)
    assert (await kind.add(alice))["seq"] == 8


async def test_settings_are_put_deleted_and_restored(alice: httpx.AsyncClient) -> None:
    results = await run(
        alice,
        op("put", "config", key="time_zone", body={"value": "Europe/Berlin"}),
        op("delete", "config", key="time_zone"),
        op("restore", "config", key="time_zone"),
        op("put", "config", key="app.colours", body={"value": {"b": 1, "a": [None]}}),
    )
    assert [result["status"] for result in results] == [201, 204, 200, 201]
    assert results[3]["row"]["value"] == {"a": [None], "b": 1}
    for key, result in (("time_zone", results[2]), ("app.colours", results[3])):
        read = await alice.get(f"/api/v1/config/{key}")
        assert (read.json(), read.headers["etag"]) == (result["row"], result["etag"])


async def test_later_ones_refer_to_what_earlier_ones_made(alice: httpx.AsyncClient) -> None:
    task, code, entry = (str(new_id()) for _ in range(3))
    results = await run(
        alice,
        op("put", "config", key="time_zone", body={"value": "Pacific/Auckland"}),
        op("put", id=task, body=WATER),
        op("create", "time_codes", body={"id": code, "code": "ACME", "name": "Acme"}),
        op(
            *("create", "time_entries"),
            body={"id": entry, "task_id": task, "time_code_id": code, "started_at": "2026-05-01T20:00:00Z"},
        ),
        op("patch", "time_entries", id=entry, body={"ended_at": "2026-05-01T21:00:00Z"}),
        op("delete", "time_codes", id=code),
    )
    row = results[4]["row"]
    assert (row["task_id"], row["time_code_id"], row["duration_seconds"]) == (task, code, 3600)
    assert (row["entry_date"], row["time_zone"]) == ("2026-05-02", "Pacific/Auckland")


async def test_all_or_none(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    answer = await refused(
        alice,
        op("patch", id=task["id"], body={"title": "Changed"}),
        op("create", body=WATER),
        op("delete", id=str(new_id())),
    )
    assert answer == (404, "not_found", [("/operations/2", "not_found")])
    assert await titles(alice) == [task["title"]]
    assert (await add(alice))["seq"] == 2


async def test_numbers_have_no_gap_where_some_take_none(alice: httpx.AsyncClient) -> None:
    live, trashed = await add(alice), await add(alice)
    await alice.delete(at(trashed))
    results = await run(
        alice,
        op("delete", id=trashed["id"]),
        op("delete", id=trashed["id"]),
        op("patch", id=live["id"], body={}),
        op("restore", id=live["id"]),
        op("patch", id=live["id"], body={}),
        op("delete", id=trashed["id"]),
    )
    assert [result.get("row", {}).get("seq") for result in results] == [None, None, 4, 4, 5, None]
    assert (await add(alice))["seq"] == 6
    assert await run(alice, op("delete", id=trashed["id"])) == [{"status": 204}]
    assert (await add(alice))["seq"] == 7


async def test_five_hundred_and_no_more(alice: httpx.AsyncClient) -> None:
    creates = [op("create", body={"title": f"{number}"}) for number in range(OPERATIONS_MAX)]
    results = await run(alice, *creates)
    assert [result["row"]["seq"] for result in results] == list(range(1, OPERATIONS_MAX + 1))
    assert [result["row"]["title"] for result in results] == [f"{n}" for n in range(OPERATIONS_MAX)]
    too_many = await refused(alice, *creates, op("create", body=WATER))
    assert too_many == (422, "invalid", [("/operations", "invalid")])
    assert await refused(alice) == (422, "invalid", [("/operations", "invalid")])
    listed = (await alice.get(TASKS, params={"sort": "updated_at", "limit": "1"})).json()["items"]
    assert listed == [results[0]["row"]]


async def test_batches_at_once_take_turns(alice: httpx.AsyncClient) -> None:
    creates = [op("create", body=WATER)] * 20
    batches, singles = await asyncio.gather(
        asyncio.gather(*(run(alice, *creates) for _ in range(5))),
        asyncio.gather(*(add(alice) for _ in range(5))),
    )
    taken = [[result["row"]["seq"] for result in results] for results in batches]
    assert all(numbers == list(range(numbers[0], numbers[0] + 20)) for numbers in taken)
    every = [number for numbers in taken for number in numbers] + [task["seq"] for task in singles]
    assert sorted(every) == list(range(1, 106))


async def test_each_has_a_condition_of_its_own(alice: httpx.AsyncClient) -> None:
    one, other = await add(alice), await add(alice)
    tags = [await tag_of(alice, at(task)) for task in (one, other)]
    results = await run(
        alice,
        op("patch", id=one["id"], body={}, if_match=tags[0]),
        op("put", id=other["id"], body=WATER, if_match=tags),
        op("delete", id=one["id"], if_match="*"),
    )
    assert [result["status"] for result in results] == [200, 200, 204]
    answer = await send(
        alice,
        op("patch", id=str(new_id()), body=WATER) | {"op": "put"},
        op("delete", id=other["id"], if_match=tags),
    )
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (412, "stale")
    assert problem["errors"][0] == {"pointer": "/operations/1", "code": "stale", "message": problem["detail"]}
    assert problem["current"] == results[1]["row"]
    assert answer.headers["etag"] == results[1]["etag"]


async def test_a_row_that_is_undone_is_not_told_of(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    tag = await tag_of(alice, at(task))
    answer = await send(
        alice,
        op("patch", id=task["id"], body=WATER, if_match=tag),
        op("patch", id=task["id"], body=WATER, if_match=tag),
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (412, "/operations/1")
    assert "current" not in answer.json()
    assert "etag" not in answer.headers


async def test_a_dry_run_answers_as_if_done_and_does_nothing(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    id_ = str(new_id())
    operations = (
        op("create", body=WATER | {"id": id_}),
        op("patch", id=id_, body={"priority": "high"}),
        op("delete", id=task["id"]),
    )
    before = (await alice.get(TASKS)).headers["etag"]
    dry = await run(alice, *operations, dry_run=True)
    assert (await alice.get(TASKS)).headers["etag"] == before
    assert await titles(alice) == [task["title"]]
    done = await run(alice, *operations)
    assert [{**r, "row": without_times(r.get("row", {}))} for r in dry] == [
        {**r, "row": without_times(r.get("row", {}))} for r in done
    ]
    refusal = await send(alice, op("delete", id=str(new_id())), dry_run=True)
    assert (refusal.status_code, refusal.json()["errors"][0]["pointer"]) == (404, "/operations/0")


async def test_a_dry_run_wakes_nobody(
    app: Litestar, alice: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(app.state.wakes, "wrote", woken.append)
    await run(alice, op("create", body=WATER), dry_run=True)
    assert woken == []
    await run(alice, op("create", body=WATER))
    assert woken == ["alice"]


async def test_a_dry_run_leaves_its_key_free(alice: httpx.AsyncClient) -> None:
    key, body = {"Idempotency-Key": "k"}, {"operations": [op("create", body=WATER)]}
    for _ in range(2):
        dry = await alice.post(BATCH, json=body | {"dry_run": True}, headers=key)
        assert (dry.status_code, "idempotency-replayed" in dry.headers) == (200, False)
    answers = [await alice.post(BATCH, json=body, headers=key) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert ["idempotency-replayed" in answer.headers for answer in answers] == [False, True]
    assert await titles(alice) == ["Water"]


@pytest.mark.parametrize(("count", "inserts"), [(1, 1), (10, 2), (100, 4), (127, 8)])
async def test_many_new_rows_take_few_statements(
    alice: httpx.AsyncClient, statements: list[Statement], count: int, inserts: int
) -> None:
    results = await run(alice, *[op("create", body={"title": f"{n}"}) for n in range(count)])
    written = [statement for statement, _ in statements if statement.startswith("INSERT INTO tasks")]
    assert len(written) == inserts
    assert [result["row"]["title"] for result in results] == [f"{n}" for n in range(count)]
    assert [result["row"]["seq"] for result in results] == list(range(1, count + 1))
    assert len({result["row"]["id"] for result in results}) == count


async def test_a_batch_takes_the_counter_once_and_every_statement_is_about_one_person(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    trashed = await add(alice)
    await alice.delete(at(trashed))
    id_ = str(new_id())
    statements.clear()
    await run(alice, *[op("create", body=WATER)] * 10)
    assert [statement.split()[0] for statement, _ in statements] == ["INSERT"] * 3
    statements.clear()
    await run(
        alice,
        op("put", id=id_, body=WATER),
        op("patch", id=id_, body={}),
        op("delete", id=id_),
        op("delete", id=trashed["id"]),
    )
    assert [statement.split()[0] for statement, _ in statements if "change_heads" in statement] == [
        "INSERT",
        "UPDATE",
    ]
    for statement, parameters in statements:
        assert_about(statement, parameters, "alice")


async def test_a_strangers_row_does_not_exist(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    his = await add(bob)
    for id_ in (his["id"], str(new_id())):
        for operation in (op("patch", id=id_, body={}), op("delete", id=id_), op("restore", id=id_)):
            assert await refused(alice, operation) == (404, "not_found", [("/operations/0", "not_found")])
        entry = op("create", "time_entries", body={"task_id": id_, "duration_seconds": 60})
        pointed = [("/operations/0/body/task_id", "unknown_reference")]
        assert await refused(alice, entry) == (422, "invalid", pointed)
    [hers] = await run(alice, op("put", id=his["id"], body=WATER))
    assert (hers["status"], hers["row"]["seq"]) == (201, 1)
    assert (await bob.get(at(his))).json() == his


async def test_it_needs_a_token(nobody: httpx.AsyncClient) -> None:
    assert (await send(nobody, op("create", body=WATER))).status_code == 401
