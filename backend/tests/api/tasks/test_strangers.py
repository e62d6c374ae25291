"""A stranger's task does not exist: alice cannot see, change, or learn of bob's."""

import json
from typing import Any

import httpx
import pytest

from app.core.ids import new_id
from tests.api.tasks.calls import TASKS, add, at, tag_of, titles

BODY = {"title": "Pay the rent"}

VERBS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("HEAD", "", None),
    ("PATCH", "", BODY),
    ("PATCH", "", {"title": 5}),
    ("PATCH", "", {}),
    ("DELETE", "", None),
    ("POST", "/restore", None),
    ("PUT", "", {"title": None}),
]
CONDITIONS = ["none", "his tag", "any"]


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], Any]:
    """All that an answer says, but for the request's own id."""
    body = json.loads(answer.content) if answer.content else None
    headers = [(name, value) for name, value in answer.headers.multi_items() if name != "x-request-id"]
    return answer.status_code, headers, body and {**body, "request_id": ""}


async def asked(
    client: httpx.AsyncClient, id_: str, verb: tuple[str, str, Any], headers: dict[str, str]
) -> tuple[int, list[tuple[str, str]], Any]:
    method, path, body = verb
    return told(await client.request(method, f"{TASKS}/{id_}{path}", json=body, headers=headers))


@pytest.fixture(params=["live", "trashed"])
async def his(request: pytest.FixtureRequest, bob: httpx.AsyncClient) -> dict[str, Any]:
    """A task of bob's."""
    task = await add(bob, title="Bob's secret", tags=["secret"], due_on="2026-05-01")
    if request.param == "trashed":
        await bob.delete(at(task))
    return task


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_a_strangers_id_and_a_random_id_get_the_same_answer(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient, his: dict[str, Any], condition: str
) -> None:
    await add(alice)
    before = told(await bob.get(TASKS, params={"trash": "true"})), told(await bob.get(TASKS))
    # The tag of the task, or of the list where it lies in the trash: both are bob's.
    tag = (await bob.get(at(his))).headers.get("etag") or (await bob.get(TASKS)).headers["etag"]
    value = {"none": "", "his tag": tag, "any": "*"}[condition]
    for verb in VERBS:
        for name in ("If-Match", "If-None-Match"):
            # A create-only PUT of what she may not see creates, as one of a random id does: see below.
            headers = {name: value} if value and not (verb[0] == "PUT" and name == "If-None-Match") else {}
            answer = await asked(alice, his["id"], verb, headers)
            assert answer == await asked(alice, str(new_id()), verb, headers), verb
            assert answer[0] in (404, 422), verb
    assert (told(await bob.get(TASKS, params={"trash": "true"})), told(await bob.get(TASKS))) == before


async def test_a_condition_on_a_strangers_task_does_not_hold(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    task = await add(bob)
    for value in (await tag_of(bob, at(task)), "*"):
        verb, headers = ("PUT", "", BODY), {"If-Match": value}
        answer = await asked(alice, task["id"], verb, headers)
        assert answer == await asked(alice, str(new_id()), verb, headers)
        assert answer[0] == 412
        assert "current" not in answer[2]


@pytest.mark.parametrize("method", ["POST", "PUT", "create-only PUT"])
async def test_an_id_that_a_stranger_uses_is_free(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient, his: dict[str, Any], method: str
) -> None:
    before = told(await bob.get(TASKS, params={"trash": "true"})), told(await bob.get(at(his)))
    if method == "POST":
        answer = await alice.post(TASKS, json=BODY | {"id": his["id"]})
    else:
        headers = {"If-None-Match": "*"} if method == "create-only PUT" else {}
        answer = await alice.put(at(his), json=BODY, headers=headers)
    assert (answer.status_code, answer.json()["title"], answer.json()["seq"]) == (201, "Pay the rent", 1)
    assert (await alice.get(at(his))).json() == answer.json()
    assert (told(await bob.get(TASKS, params={"trash": "true"})), told(await bob.get(at(his)))) == before


async def test_two_people_with_one_id_change_each_their_own(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    task = await add(bob, title="Bob's")
    await alice.put(at(task), json={"title": "Alice's"})
    tag = await tag_of(bob, at(task))
    assert (await alice.patch(at(task), json=BODY, headers={"If-Match": tag})).status_code == 412
    assert (await alice.get(at(task), headers={"If-None-Match": tag})).status_code == 200
    assert (await alice.patch(at(task), json=BODY)).status_code == 200
    assert (await alice.delete(at(task))).status_code == 204
    assert (await bob.get(at(task))).json() == task


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"trash": "true"},
        {"total": "true"},
        {"q": "secret"},
        {"tag": "secret"},
        {"due_from": "2026-05-01"},
        {"due": "overdue"},
        {"completed": "false", "sort": "title"},
        {"sort": "-updated_at"},
    ],
    ids=str,
)
async def test_what_strangers_do_changes_no_list(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient, query: dict[str, str]
) -> None:
    await add(alice, title="Alice's secret", tags=["secret"])
    before = told(await alice.get(TASKS, params=query))
    theirs = [await add(bob, title="Bob's secret", tags=["secret"], due_on="2026-05-01") for _ in range(2)]
    await bob.delete(at(theirs[0]))
    assert told(await alice.get(TASKS, params=query)) == before


async def test_a_strangers_list_tag_is_not_ones_own(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    await add(alice)
    await add(bob)
    tag = (await bob.get(TASKS)).headers["etag"]
    assert (await alice.get(TASKS, headers={"If-None-Match": tag})).status_code == 200


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "-updated_at", "title"])
async def test_a_strangers_cursor_leads_to_ones_own_tasks_only(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient, sort: str
) -> None:
    await add(alice, title="Alice's")
    for n in range(3):
        await add(bob, title=f"Bob's {n}")
    cursor = (await bob.get(TASKS, params={"limit": "1", "sort": sort})).json()["next_cursor"]
    assert set(await titles(alice, sort=sort, cursor=cursor)) <= {"Alice's"}


async def test_nobody_learns_nothing(nobody: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    task = await add(bob)
    for verb in VERBS:
        answer = await asked(nobody, task["id"], verb, {})
        assert answer == await asked(nobody, str(new_id()), verb, {})
        assert answer[0] == 401
