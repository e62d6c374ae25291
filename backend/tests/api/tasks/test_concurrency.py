"""Many writes at once: one wins, none is lost, none is doubled, and the numbers have no gap."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable
from typing import Any

import httpx

from tests.api.tasks.calls import TASKS, add, at, id_at, milliseconds_now, tag_of, titles

Answers = list[httpx.Response]


async def at_once(requests: Iterable[Coroutine[Any, Any, httpx.Response]]) -> Answers:
    return list(await asyncio.gather(*requests))


def statuses(answers: Answers) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


async def test_of_twenty_patches_with_one_tag_one_wins(alice: httpx.AsyncClient) -> None:
    where = at(await add(alice))
    headers = {"If-Match": await tag_of(alice, where)}
    answers = await at_once(alice.patch(where, json={"title": str(n)}, headers=headers) for n in range(20))
    assert statuses(answers) == {200: 1, 412: 19}
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await alice.get(where)).json() == won
    assert all(answer.json()["current"] == won for answer in answers if answer.status_code == 412)
    assert (await add(alice))["seq"] == 3


async def test_of_twenty_puts_of_one_id_one_creates(alice: httpx.AsyncClient) -> None:
    where = f"{TASKS}/{id_at(milliseconds_now())}"
    answers = await at_once(alice.put(where, json={"title": str(n)}) for n in range(20))
    assert statuses(answers) == {201: 1, 200: 19}
    assert sorted(answer.json()["seq"] for answer in answers) == list(range(1, 21))
    assert len(await titles(alice)) == 1


async def test_of_twenty_create_only_puts_one_creates(alice: httpx.AsyncClient) -> None:
    where, headers = f"{TASKS}/{id_at(milliseconds_now())}", {"If-None-Match": "*"}
    answers = await at_once(alice.put(where, json={"title": str(n)}, headers=headers) for n in range(20))
    assert statuses(answers) == {201: 1, 412: 19}
    assert (await add(alice))["seq"] == 2


async def test_of_twenty_posts_of_one_id_one_creates(alice: httpx.AsyncClient) -> None:
    body = {"title": "Water", "id": id_at(milliseconds_now())}
    answers = await at_once(alice.post(TASKS, json=body) for _ in range(20))
    assert statuses(answers) == {201: 1, 409: 19}
    assert len(await titles(alice)) == 1


async def test_twenty_deletes_of_one_task_are_one_delete(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    answers = await at_once(alice.delete(at(task)) for _ in range(20))
    assert statuses(answers) == {204: 20}
    assert (await add(alice))["seq"] == 3


async def test_patches_of_different_fields_do_not_undo_each_other(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    changes: list[dict[str, object]] = [
        {"title": "Pay the rent"},
        {"description": "By transfer"},
        {"completed": True},
        {"priority": "high"},
        {"due_on": "2026-05-01"},
        {"tags": ["home"]},
    ]
    answers = await at_once(alice.patch(at(task), json=change) for change in changes)
    assert statuses(answers) == {200: len(changes)}
    now = (await alice.get(at(task))).json()
    assert now == now | {name: value for change in changes for name, value in change.items()}


async def test_fifty_writes_at_once_are_numbered_without_a_gap(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    kinds = [
        lambda: alice.post(TASKS, json={"title": "Water"}),
        lambda: alice.patch(at(task), json={"title": "Water"}),
        lambda: alice.put(at(task), json={"title": "Water"}),
        lambda: alice.put(f"{TASKS}/{id_at(milliseconds_now())}", json={"title": "Water"}),
        lambda: alice.patch(at(task), json={"title": "Never"}, headers={"If-Match": '"r0.1"'}),
    ]
    answers = await at_once(kinds[n % len(kinds)]() for n in range(50))
    assert statuses(answers) == {201: 20, 200: 20, 412: 10}
    numbers = sorted(answer.json()["seq"] for answer in answers if answer.is_success)
    assert numbers == list(range(2, 42))


async def test_two_people_write_at_once_and_count_apart(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    answers = await at_once((alice, bob)[n % 2].post(TASKS, json={"title": "Water"}) for n in range(40))
    assert statuses(answers) == {201: 40}
    for theirs in (answers[::2], answers[1::2]):
        assert sorted(answer.json()["seq"] for answer in theirs) == list(range(1, 21))


async def test_a_tag_never_names_a_newer_list_than_its_body(alice: httpx.AsyncClient) -> None:
    requests = [
        alice.post(TASKS, json={"title": "Water"}) if n % 2 else alice.get(TASKS, params={"limit": "200"})
        for n in range(60)
    ]
    for answer in await at_once(requests):
        if "items" in answer.json():
            head = int(answer.headers["etag"].strip('"').rsplit(".", 1)[1])
            assert len(answer.json()["items"]) == head
