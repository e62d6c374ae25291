"""What a batch refuses: the operation is named, and the answer is its own request's."""

from typing import Any

import httpx
import pytest

from app.core.ids import new_id
from tests.api.batch.calls import BATCH, Json, op, refused, run, send
from tests.api.kinds import KINDS, Kind, id_of
from tests.api.tasks.calls import add, at, id_at, titles

WATER = {"title": "Water"}
ID = "01900000-0000-7000-8000-000000000001"
JSON = {"Content-Type": "application/json"}
TIMES = {"started_at": "2026-05-01T09:00:00Z", "ended_at": "2026-05-01T10:00:00Z"}


@pytest.mark.parametrize(
    ("operation", "places"),
    [
        (op("create", "notes", body=WATER), [("/type", "invalid")]),
        (op("create", "timer", body={}), [("/type", "invalid")]),
        (op("create", 7, body=WATER), [("/type", "invalid")]),  # type: ignore[arg-type] # bad input
        ({"op": "create", "body": WATER}, [("/type", "required")]),
        (op("upsert", body=WATER), [("/op", "invalid")]),
        (op("create", "config", body={"value": 1}), [("/op", "invalid")]),
        (op("patch", "config", key="week_start", body={"value": "monday"}), [("/op", "invalid")]),
        (op("create"), [("/body", "required")]),
        (op("create", id=ID, body=WATER), [("/id", "invalid")]),
        (op("create", body=WATER, if_match="*"), [("/if_match", "invalid")]),
        (op("put", body=WATER), [("/id", "required")]),
        (op("put", id="1", body=WATER), [("/id", "invalid")]),
        (op("put", id=id_at(1, version=4), body=WATER), [("/id", "id")]),
        (op("put", key="a", id=ID, body=WATER), [("/key", "invalid")]),
        (op("put", "config", id=ID, body={"value": 1}), [("/key", "required")]),
        (op("put", "config", key="colour", body={"value": 1}), [("/key", "unknown_key")]),
        (op("put", "config", key="", body={"value": 1}), [("/key", "unknown_key")]),
        (op("put", "config", key="time_zone", body={"value": "Mars"}), [("/body/value", "unknown_zone")]),
        (op("put", "config", key="app.a", body={"value": "\0"}), [("/body/value", "invalid")]),
        (op("delete", id=ID, body={}), [("/body", "invalid")]),
        (op("delete", id=ID, if_match=[]), [("/if_match", "invalid")]),
        (op("delete", id=ID, if_match="r1"), [("/if_match", "invalid")]),
        (op("delete", id=ID, if_match=['"r1.1"', "x"]), [("/if_match", "invalid")]),
        (op("create", body=WATER, colour="red"), [("/colour", "unknown_field")]),
        (op("create", body={"title": 5}), [("/body/title", "invalid")]),
        (op("create", body={}), [("/body/title", "required")]),
        (op("create", body=[]), [("/body", "invalid")]),
        (op("create", body=None), [("/body", "invalid")]),
        (
            op("create", body=WATER | {"a": 1, "b": 2}),
            [("/body/a", "unknown_field"), ("/body/b", "unknown_field")],
        ),
        (op("create", body=WATER | {"tags": ["a", 1]}), [("/body/tags/1", "invalid")]),
        (op("create", body=WATER | {"id": id_at(1, version=4)}), [("/body/id", "id")]),
        (op("create", body=WATER | {"due_on": "2026-05-01", "due_at": "2026-05-01T09:00:00Z"}), None),
    ],
    ids=str,
)
async def test_bad_input_is_pointed_at_and_changes_nothing(
    alice: httpx.AsyncClient, operation: Json, places: list[tuple[str, str]] | None
) -> None:
    status, code, pointed = await refused(alice, op("create", body=WATER), operation)
    assert (status, code) == (422, "invalid")
    if places is None:
        assert pointed
        assert all(pointer.startswith("/operations/1/body") for pointer, _ in pointed)
    else:
        assert pointed == [(f"/operations/1{pointer}", code) for pointer, code in places]
    assert await titles(alice) == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"operations": [{"op": "create", "type": "tasks", "body": {"title": "\xff"}}]}', 400),
        (b'{"operations": [{"op": "create", "type": "tasks", "body": {"title": "\\ud800"}}]}', 422),
        (
            b'{"operations": [{"op": "create", "type": "tasks", "body": '
            + b"[" * 50_000
            + b"]" * 50_000
            + b"}]}",
            400,
        ),
        (b'{"operations": [{"op": "create", "type": "tasks", "body": {"title": }}]}', 400),
        (b'{"operations": "all"}', 422),
        (b'{"operations": [], "colour": "red"}', 422),
        (b"[]", 422),
        (b'{"operations": ["' + b"x" * 300_000 + b'"]}', 413),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_is_no_batch_is_refused(alice: httpx.AsyncClient, content: bytes, status: int) -> None:
    answer = await alice.post(BATCH, content=content, headers=JSON)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", KINDS, ids=id_of)
async def test_a_refusal_is_that_of_its_own_request(kind: Kind, alice: httpx.AsyncClient) -> None:
    type_ = kind.resource.table.name
    live, trashed = await kind.add(alice), await kind.add(alice)
    await alice.delete(kind.at(trashed))
    stale = '"r0.1"'
    for operation, (method, path, body) in (
        (op("create", body=kind.draft(id=live["id"])), ("POST", "", kind.draft(id=live["id"]))),
        (op("create", body=kind.draft(id=trashed["id"])), ("POST", "", kind.draft(id=trashed["id"]))),
        (op("put", id=trashed["id"], body=kind.draft()), ("PUT", f"/{trashed['id']}", kind.draft())),
        (
            op("put", id=live["id"], body=kind.draft(), if_match=stale),
            ("PUT", f"/{live['id']}", kind.draft()),
        ),
        (
            op("put", id=str(new_id()), body=kind.draft(), if_match=stale),
            ("PUT", f"/{new_id()}", kind.draft()),
        ),
        (op("patch", id=live["id"], body={}, if_match=stale), ("PATCH", f"/{live['id']}", {})),
        (op("patch", id=trashed["id"], body={}), ("PATCH", f"/{trashed['id']}", {})),
        (op("delete", id=live["id"], if_match=stale), ("DELETE", f"/{live['id']}", None)),
        (op("delete", id=str(new_id())), ("DELETE", f"/{new_id()}", None)),
        (op("restore", id=trashed["id"], if_match=stale), ("POST", f"/{trashed['id']}/restore", None)),
    ):
        headers = {"If-Match": stale} if "if_match" in operation else {}
        alone = await alice.request(method, kind.where + path, json=body, headers=headers)
        together = await send(alice, operation | {"type": type_})
        assert alone.is_client_error
        assert together.status_code == alone.status_code
        assert together.headers.get("etag") == alone.headers.get("etag")
        told, expected = together.json(), alone.json()
        for name in ("type", "title", "code", "detail", "current"):
            assert told.get(name) == expected.get(name), operation
        assert [fault["pointer"] for fault in told["errors"]] == ["/operations/0"]


async def test_what_is_taken_is_taken_within_a_batch_too(alice: httpx.AsyncClient) -> None:
    code: dict[str, Any] = {"code": "ACME", "name": "Acme"}
    create = op("create", "time_codes", body=code)
    same = op("create", "time_codes", body=code | {"code": "acme"})
    pointed = [("/operations/1/body/code", "taken")]
    assert await refused(alice, create, same) == (409, "conflict", pointed)
    [made] = await run(alice, create)
    free = [op("delete", "time_codes", id=made["row"]["id"]), same]
    assert [result["status"] for result in await run(alice, *free)] == [204, 201]
    restore = op("restore", "time_codes", id=made["row"]["id"])
    assert await refused(alice, restore) == (409, "conflict", [("/operations/0/body/code", "taken")])


async def test_rules_hold_within_a_batch(alice: httpx.AsyncClient) -> None:
    entry, task = str(new_id()), await add(alice)
    create = op("create", "time_entries", body=TIMES | {"id": entry})
    locked = [create, op("patch", "time_entries", id=entry, body={"locked": True})]
    assert await refused(alice, *locked, op("delete", "time_entries", id=entry)) == (
        *(409, "locked"),
        [("/operations/2", "locked")],
    )
    reject = op("put", "config", key="overlap", body={"value": "reject"})
    answer = await send(alice, reject, create, op("create", "time_entries", body=TIMES))
    assert (answer.status_code, answer.json()["code"]) == (409, "overlap")
    assert answer.json()["errors"][0]["pointer"] == "/operations/2"
    assert [row["id"] for row in answer.json()["conflicts"]] == [entry]
    running = op("create", "time_entries", body={"started_at": "2026-05-01T09:00:00Z"})
    answer = await send(alice, running, running)
    assert (answer.status_code, answer.json()["code"]) == (409, "running")
    assert "current" not in answer.json(), "it is undone"
    referring = op("create", "time_entries", body=TIMES | {"task_id": task["id"]})
    assert await refused(alice, op("delete", id=task["id"]), referring) == (
        *(422, "invalid"),
        [("/operations/1/body/task_id", "unknown_reference")],
    )
    assert (await alice.get("/api/v1/time-entries")).json()["items"] == []
    assert (await alice.get(at(task))).status_code == 200


async def test_an_answer_that_would_be_too_long_is_refused(alice: httpx.AsyncClient) -> None:
    task = await add(alice, description="\x01" * 19_000)
    patches = [op("patch", id=task["id"], body={})] * 100
    status, code, [(pointer, fault)] = await refused(alice, *patches)
    assert (status, code, fault) == (422, "invalid", "too_much")
    assert pointer.startswith("/operations/7")
    assert (await alice.get(at(task))).json() == task
    assert len(await run(alice, *patches[:60])) == 60
