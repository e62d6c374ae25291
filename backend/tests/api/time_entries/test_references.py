"""What an entry refers to: live rows of the person's own, and those that went to the trash since."""

import json
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.core.ids import new_id
from tests.api.time_entries.calls import (
    API,
    ENTRIES,
    START,
    Entry,
    add,
    at,
    between,
    change,
    clock,
    everything,
    make,
    numbers,
    refusal,
)

KINDS = {"task_id": "tasks", "time_code_id": "time-codes", "work_type_id": "work-types"}
BODIES: dict[str, Entry] = {
    "task_id": {"title": "Login"},
    "time_code_id": {"code": "ACME", "name": "Acme"},
    "work_type_id": {"code": "DEV", "name": "Development"},
}


async def referred(client: httpx.AsyncClient) -> Entry:
    """The ids of a new task, code and type of theirs."""
    return {name: await make(client, kind, **BODIES[name]) for name, kind in KINDS.items()}


async def bin_(client: httpx.AsyncClient, ids: Entry) -> None:
    for name, id_ in ids.items():
        assert (await client.delete(f"{API}/{KINDS[name]}/{id_}")).status_code == 204


def told(answer: httpx.Response) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(answer.content)
    return said | {"request_id": ""}


async def test_an_entry_refers_to_what_is_ones_own(alice: httpx.AsyncClient) -> None:
    ids = await referred(alice)
    entry = await add(alice, **ids)
    assert entry == entry | ids
    bare = await add(alice)
    for name, id_ in ids.items():
        assert bare[name] is None
        assert (await change(alice, bare, **{name: id_}))[name] == id_
    assert (await alice.put(at(bare), json=between("09:00", "10:00") | ids)).json()["task_id"] == ids[
        "task_id"
    ]
    for name in ids:
        assert (await change(alice, entry, **{name: None}))[name] is None
    for name in ids:
        assert (await change(alice, entry, **{name: ids[name].upper()}))[name] == ids[name]


@pytest.mark.parametrize("name", KINDS)
async def test_missing_trashed_and_a_strangers_are_the_same_refusal(
    app: Litestar, alice: httpx.AsyncClient, bob: httpx.AsyncClient, name: str
) -> None:
    his, hers = (await referred(bob))[name], (await referred(alice))[name]
    await bin_(alice, {name: hers})
    entry = await add(alice)
    before = await numbers(app)
    for method, where in (("POST", ENTRIES), ("PUT", at(entry)), ("PATCH", at(entry))):
        answers = [
            await alice.request(method, where, json=between("09:00", "10:00") | {name: id_})
            for id_ in (his, hers, str(new_id()))
        ]
        assert [refusal(answer) for answer in answers] == [(422, [(f"/{name}", "unknown_reference")])] * 3
        assert told(answers[0]) == told(answers[1]) == told(answers[2])
    assert await everything(alice) == [entry]
    assert await numbers(app) == before


async def test_every_reference_to_nothing_is_told_at_once(alice: httpx.AsyncClient) -> None:
    ids = await referred(alice)
    entry = await add(alice, **ids)
    wrong = {name: str(new_id()) for name in KINDS}
    faults = [(f"/{name}", "unknown_reference") for name in KINDS]
    assert refusal(await alice.patch(at(entry), json=wrong)) == (422, faults)
    mixed = wrong | {"time_code_id": ids["time_code_id"]}
    assert refusal(await alice.patch(at(entry), json=mixed)) == (422, [faults[0], faults[2]])
    crossed = {"task_id": ids["time_code_id"], "work_type_id": ids["task_id"]}
    assert refusal(await alice.patch(at(entry), json=crossed)) == (422, [faults[0], faults[2]])


async def test_what_went_to_the_trash_since_may_stay_but_not_come_back(alice: httpx.AsyncClient) -> None:
    ids = await referred(alice)
    entry = await add(alice, **ids)
    await bin_(alice, ids)
    assert (await alice.get(at(entry))).json() == entry
    changed = await change(alice, entry, description="Still here", **ids)
    assert changed == changed | ids | {"description": "Still here"}
    put = await alice.put(at(entry), json=between("10:00", "11:00") | ids)
    assert put.json() == put.json() | ids
    await alice.delete(at(entry))
    restored = (await alice.post(f"{at(entry)}/restore")).json()
    assert restored == put.json() | {name: restored[name] for name in ("seq", "updated_at")}
    await change(alice, entry, task_id=None)
    answer = await alice.patch(at(entry), json={"task_id": ids["task_id"]})
    assert refusal(answer) == (422, [("/task_id", "unknown_reference")])


async def test_an_entry_may_be_cleared_while_what_it_names_is_in_the_trash(alice: httpx.AsyncClient) -> None:
    ids = await referred(alice)
    entry = await add(alice, **ids)
    await bin_(alice, ids)
    cleared = await change(alice, entry, **dict.fromkeys(ids))
    assert [cleared[name] for name in ids] == [None] * 3


async def test_a_reference_is_asked_about_in_a_timer_too(alice: httpx.AsyncClient) -> None:
    wrong = {"task_id": str(new_id())}
    for where, body in ((START, wrong), (ENTRIES, wrong | {"started_at": clock("09:00")})):
        assert refusal(await alice.post(where, json=body)) == (422, [("/task_id", "unknown_reference")])
    assert await everything(alice) == []
