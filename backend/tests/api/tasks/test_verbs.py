"""Create, read, put and patch, over HTTP, on both engines."""

from typing import Any

import httpx
import pytest

from tests.api.tasks.calls import TASKS, add, at, instant

WHOLE: dict[str, object] = {
    "title": "Pay the rent",
    "description": "By transfer",
    "completed": True,
    "priority": "urgent",
    "due_on": "2026-05-01",
    "tags": ["home", "money"],
    "estimate_seconds": 600,
}
DEFAULTS: dict[str, object] = {
    "description": None,
    "completed": False,
    "completed_at": None,
    "priority": "none",
    "due_on": None,
    "due_at": None,
    "tags": [],
    "estimate_seconds": None,
    "deleted_at": None,
}
NEW_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


async def patched(client: httpx.AsyncClient, task: dict[str, Any], **changes: object) -> dict[str, Any]:
    answer = await client.patch(at(task), json=changes)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    assert (await client.get(at(task))).json() == changed
    return changed


async def test_a_new_task_is_answered_whole_with_its_place_and_its_tag(alice: httpx.AsyncClient) -> None:
    answer = await alice.post(TASKS, json={"title": "Water the plants"})
    task = answer.json()
    assert answer.status_code == 201
    assert task == task | DEFAULTS | {"title": "Water the plants", "seq": 1}
    assert answer.headers["location"] == at(task)
    read = await alice.get(at(task))
    assert read.status_code == 200
    assert read.content == answer.content
    assert read.headers["etag"] == answer.headers["etag"]


async def test_what_is_sent_is_what_comes_back(alice: httpx.AsyncClient) -> None:
    task = await add(alice, **WHOLE)
    assert task == task | WHOLE


async def test_a_task_is_created_at_the_moment_of_its_id(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    milliseconds = int(task["id"].replace("-", "")[:12], 16)
    assert instant(task["created_at"]).timestamp() * 1000 == milliseconds


async def test_no_task_is_changed_before_it_is_created(alice: httpx.AsyncClient) -> None:
    for _ in range(40):
        task = await add(alice, completed=True)
        assert instant(task["created_at"]) <= instant(task["updated_at"])
        assert task["completed_at"] == task["updated_at"]


async def test_an_instant_comes_back_in_utc(alice: httpx.AsyncClient) -> None:
    task = await add(alice, due_at="2026-05-01T12:00:00.5+05:30")
    assert task["due_at"] == "2026-05-01T06:30:00.500000Z"


async def test_put_creates_with_the_id_of_the_path(alice: httpx.AsyncClient) -> None:
    answer = await alice.put(f"{TASKS}/{NEW_ID}", json={"title": "Water the plants"})
    assert answer.status_code == 201
    assert answer.json() == answer.json() | DEFAULTS | {"id": NEW_ID, "title": "Water the plants"}
    assert answer.headers["location"] == f"{TASKS}/{NEW_ID}"
    assert (await alice.get(f"{TASKS}/{NEW_ID}")).content == answer.content


async def test_put_replaces_all_that_it_does_not_name(alice: httpx.AsyncClient) -> None:
    task = await add(alice, **WHOLE)
    answer = await alice.put(at(task), json={"title": "Water the plants"})
    assert answer.status_code == 200
    assert "location" not in answer.headers
    kept = {name: task[name] for name in ("id", "created_at")}
    assert answer.json() == answer.json() | DEFAULTS | kept | {"title": "Water the plants", "seq": 2}
    assert (await alice.get(at(task))).content == answer.content


async def test_put_of_a_completed_task_keeps_when_it_was_completed(alice: httpx.AsyncClient) -> None:
    task = await add(alice, **WHOLE)
    answer = await alice.put(at(task), json=WHOLE | {"title": "Pay the rent again"})
    assert answer.json()["completed_at"] == task["completed_at"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Water the plants"),
        ("description", "Both balconies"),
        ("priority", "low"),
        ("due_on", "2027-01-31"),
        ("tags", ["garden"]),
        ("estimate_seconds", 0),
    ],
)
async def test_a_patch_touches_nothing_that_it_does_not_name(
    alice: httpx.AsyncClient, field: str, value: object
) -> None:
    task = await add(alice, **WHOLE)
    changed = await patched(alice, task, **{field: value})
    assert changed == task | {field: value, "seq": 2, "updated_at": changed["updated_at"]}


@pytest.mark.parametrize(
    ("field", "cleared"),
    [
        ("description", None),
        ("priority", "none"),
        ("due_on", None),
        ("tags", []),
        ("estimate_seconds", None),
    ],
)
async def test_null_in_a_patch_clears(alice: httpx.AsyncClient, field: str, cleared: object) -> None:
    task = await add(alice, **WHOLE)
    assert (await patched(alice, task, **{field: None}))[field] == cleared


async def test_an_empty_patch_is_a_write_that_changes_no_field(alice: httpx.AsyncClient) -> None:
    task = await add(alice, **WHOLE)
    changed = await patched(alice, task)
    assert changed == task | {"seq": 2, "updated_at": changed["updated_at"]}


async def test_completing_says_when_and_again_keeps_it(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    done = await patched(alice, task, completed=True)
    assert done["completed_at"] == done["updated_at"]
    again = await patched(alice, task, completed=True)
    assert again["completed_at"] == done["completed_at"]
    assert instant(again["updated_at"]) > instant(done["updated_at"])


async def test_reopening_forgets_when_it_was_completed(alice: httpx.AsyncClient) -> None:
    task = await add(alice, completed=True)
    assert (await patched(alice, task, completed=False))["completed_at"] is None


async def test_updated_at_moves_and_created_at_stays_on_every_change(alice: httpx.AsyncClient) -> None:
    seen = [await add(alice)]
    seen.append(await patched(alice, seen[0], title="Water all plants"))
    seen.append((await alice.put(at(seen[0]), json={"title": "Water no plants"})).json())
    await alice.delete(at(seen[0]))
    seen.append((await alice.get(TASKS, params={"trash": "true"})).json()["items"][0])
    seen.append((await alice.post(f"{at(seen[0])}/restore")).json())
    moments = [instant(task["updated_at"]) for task in seen]
    assert moments == sorted(set(moments))
    assert {task["created_at"] for task in seen} == {seen[0]["created_at"]}
