"""A locked entry stands as it is until it is unlocked."""

from typing import Any

import httpx
from litestar import Litestar
from sqlalchemy import text

from tests.api.tasks.calls import tag_of
from tests.api.time_entries.calls import (
    ENTRIES,
    add,
    at,
    between,
    change,
    make,
    numbers,
    start,
)


def is_locked(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json().get("code")) == (409, "locked")


async def test_what_is_locked_refuses_all_but_unlocking(app: Litestar, alice: httpx.AsyncClient) -> None:
    entry = await add(alice, locked=True, tags=["home"])
    task = await make(alice, "tasks", title="Login")
    before = await numbers(app)
    patches: list[dict[str, Any]] = [
        {},
        {"description": "Roses"},
        {"started_at": "2026-05-01T08:00:00Z"},
        {"ended_at": None},
        {"task_id": task},
        {"tags": None},
        {"locked": False, "description": "Roses"},
        {"locked": True, "description": "Roses"},
    ]
    for patch in patches:
        assert is_locked(await alice.patch(at(entry), json=patch)), patch
    for body in (between("09:00", "10:00"), between("09:00", "10:00") | {"locked": False}):
        assert is_locked(await alice.put(at(entry), json=body))
    assert is_locked(await alice.delete(at(entry)))
    assert (await alice.get(at(entry))).json() == entry
    assert await numbers(app) == before


async def test_what_is_unlocked_changes_again(alice: httpx.AsyncClient) -> None:
    entry = await add(alice)
    locked = await change(alice, entry, locked=True)
    assert locked == entry | {"locked": True, "seq": 2, "updated_at": locked["updated_at"]}
    assert (await change(alice, entry, locked=True))["seq"] == 3
    unlocked = await change(alice, entry, locked=False)
    assert unlocked == entry | {"seq": 4, "updated_at": unlocked["updated_at"]}
    assert (await change(alice, entry, description="Roses"))["description"] == "Roses"
    assert (await alice.put(at(entry), json=between("09:00", "11:00") | {"locked": True})).json()["locked"]
    await change(alice, entry, locked=False)
    assert (await alice.delete(at(entry))).status_code == 204


async def test_the_condition_is_asked_before_the_lock(alice: httpx.AsyncClient) -> None:
    entry = await add(alice)
    old = {"If-Match": await tag_of(alice, at(entry))}
    locked = await change(alice, entry, locked=True)
    new = {"If-Match": await tag_of(alice, at(entry))}
    body = between("10:00", "11:00")
    for method, sent in (("PATCH", {}), ("PUT", body), ("DELETE", None)):
        answer = await alice.request(method, at(entry), json=sent, headers=old)
        assert (answer.status_code, answer.json()["current"]) == (412, locked)
        assert is_locked(await alice.request(method, at(entry), json=sent, headers=new))
    create_only = await alice.put(at(entry), json=body, headers={"If-None-Match": "*"})
    assert create_only.status_code == 412
    assert (await alice.patch(at(entry), json={"locked": False}, headers=old)).status_code == 412
    assert (await alice.patch(at(entry), json={"locked": False}, headers=new)).status_code == 200


async def test_a_running_timer_is_not_locked(alice: httpx.AsyncClient) -> None:
    timer = await start(alice)
    answer = await alice.patch(at(timer), json={"locked": True})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/locked")
    stopped = await change(alice, timer, locked=True, duration_seconds=60)
    assert (stopped["locked"], stopped["duration_seconds"]) == (True, 60)


async def test_a_locked_entry_is_read_and_restarted(alice: httpx.AsyncClient) -> None:
    entry = await add(alice, locked=True, description="Roses")
    again = (await alice.post(f"{at(entry)}/restart")).json()
    assert (again["description"], again["locked"], again["ended_at"]) == ("Roses", False, None)
    assert (await alice.get(ENTRIES, params={"locked": "true"})).json()["items"] == [entry]


async def test_a_locked_entry_comes_back_from_the_trash(app: Litestar, alice: httpx.AsyncClient) -> None:
    """None goes there by a request; one that is there, from a backup, say, must not stay there for ever."""
    entry = await add(alice)
    await alice.delete(at(entry))
    async with app.state.database.engine.begin() as connection:
        await connection.execute(text("UPDATE time_entries SET locked = true WHERE user_id = 'alice'"))
    restored = await alice.post(f"{at(entry)}/restore")
    assert (restored.status_code, restored.json()["locked"]) == (200, True)
