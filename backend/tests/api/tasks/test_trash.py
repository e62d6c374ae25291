"""Deleting and restoring: the trash, over HTTP, on both engines."""

import httpx
import pytest

from tests.api.tasks.calls import TASKS, add, at, tag_of, titles


async def seq_after(client: httpx.AsyncClient) -> int:
    """The number that their next write takes."""
    seq: int = (await add(client))["seq"]
    return seq


async def test_a_deleted_task_is_not_there(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    answer = await alice.delete(at(task))
    assert (answer.status_code, answer.content) == (204, b"")
    for missed in (await alice.get(at(task)), await alice.patch(at(task), json={"title": "Water"})):
        assert (missed.status_code, missed.json()["code"]) == (404, "not_found")


async def test_the_trash_lists_what_was_deleted_and_the_list_does_not(alice: httpx.AsyncClient) -> None:
    task = await add(alice, title="Pay the rent")
    await add(alice, title="Water the plants")
    await alice.delete(at(task))
    assert await titles(alice) == ["Water the plants"]
    assert await titles(alice, trash="true") == ["Pay the rent"]
    trashed = (await alice.get(TASKS, params={"trash": "true"})).json()["items"][0]
    assert trashed == task | {
        "seq": 3,
        "updated_at": trashed["deleted_at"],
        "deleted_at": trashed["deleted_at"],
    }
    assert trashed["deleted_at"] is not None


async def test_deleting_takes_a_number_and_again_takes_none(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    assert [(await alice.delete(at(task))).status_code for _ in range(3)] == [204, 204, 204]
    assert (await alice.get(TASKS, params={"trash": "true"})).json()["items"][0]["seq"] == 2
    assert await seq_after(alice) == 3


async def test_restoring_brings_back_all_of_it(alice: httpx.AsyncClient) -> None:
    task = await add(alice, description="Both balconies", completed=True, tags=["home"])
    await alice.delete(at(task))
    answer = await alice.post(f"{at(task)}/restore")
    assert answer.status_code == 200
    assert answer.json() == task | {"seq": 3, "updated_at": answer.json()["updated_at"]}
    read = await alice.get(at(task))
    assert (read.content, read.headers["etag"]) == (answer.content, answer.headers["etag"])


async def test_restoring_what_is_live_changes_nothing_and_takes_no_number(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    answer = await alice.post(f"{at(task)}/restore")
    assert (answer.status_code, answer.json()) == (200, task)
    assert answer.headers["etag"] == await tag_of(alice, at(task))
    assert await seq_after(alice) == 2


async def test_put_does_not_reach_into_the_trash(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    tag = await tag_of(alice, at(task))
    await alice.delete(at(task))
    for headers in ({}, {"If-Match": tag}, {"If-Match": "*"}, {"If-None-Match": "*"}):
        answer = await alice.put(at(task), json={"title": "Water"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "in_trash"), headers
    assert await titles(alice, trash="true") == ["Water the plants"]


async def test_an_id_in_the_trash_is_not_free(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    await alice.delete(at(task))
    answer = await alice.post(TASKS, json={"title": "Water", "id": task["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "in_trash")


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("POST", "/restore")])
async def test_what_never_was_can_be_neither_deleted_nor_restored(
    alice: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await alice.request(method, f"{TASKS}/01890a5d-ac96-774b-bcce-b302099a8057{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await seq_after(alice) == 1


async def test_a_restore_holds_to_its_condition(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    tag = await tag_of(alice, at(task))
    await alice.delete(at(task))
    refused = await alice.post(f"{at(task)}/restore", headers={"If-Match": tag})
    assert (refused.status_code, refused.json()["current"]["seq"]) == (412, task["seq"] + 1)
    restored = await alice.post(f"{at(task)}/restore", headers={"If-Match": refused.headers["etag"]})
    assert (restored.status_code, restored.json()["deleted_at"]) == (200, None)
