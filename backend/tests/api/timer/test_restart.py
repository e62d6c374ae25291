"""A timer started again: a new one, for what an entry was for."""

import httpx
from litestar import Litestar

from app.core.ids import new_id
from tests.api.time_entries.calls import (
    API,
    CURRENT,
    ENTRIES,
    add,
    at,
    make,
    numbers,
    prefer,
    refusal,
    start,
)


async def test_a_restart_is_for_the_same_but_a_new_one(alice: httpx.AsyncClient) -> None:
    fields = {
        "task_id": await make(alice, "tasks", title="Login"),
        "time_code_id": await make(alice, "time-codes", code="ACME", name="Acme"),
        "work_type_id": await make(alice, "work-types", code="DEV", name="Development"),
        "description": "Roses",
        "tags": ["home", "quiet"],
    }
    entry = await add(alice, **fields, raw_text="roses 9-10", time_zone="Asia/Tokyo", locked=True)
    running = await start(alice)
    answer = await alice.post(f"{at(entry)}/restart")
    again = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, at(again))
    assert again == again | fields | {"raw_text": None, "time_zone": "Asia/Tokyo", "locked": False}
    assert (again["ended_at"], again["id"] != entry["id"]) == (None, True)
    assert (await alice.get(at(running))).json()["ended_at"] == again["started_at"]
    assert (await alice.get(at(entry))).json() == entry
    await prefer(alice, "time_zone", "Europe/Berlin")
    assert (await alice.post(f"{at(entry)}/restart")).json()["time_zone"] == "Europe/Berlin"


async def test_what_runs_can_be_restarted(alice: httpx.AsyncClient) -> None:
    timer = await start(alice, description="Roses")
    again = (await alice.post(f"{at(timer)}/restart")).json()
    assert (again["description"], again["seq"]) == ("Roses", 3)
    assert (await alice.get(at(timer))).json()["ended_at"] == again["started_at"]


async def test_a_restart_of_what_is_not_there_stops_nothing(
    app: Litestar, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    code = await make(alice, "time-codes", code="ACME", name="Acme")
    entry, gone, his = await add(alice, time_code_id=code), await add(alice), await add(bob)
    await alice.delete(at(gone))
    await alice.delete(f"{API}/time-codes/{code}")
    timer = await start(alice)
    before = await numbers(app)
    for id_ in (gone["id"], his["id"], str(new_id())):
        assert (await alice.post(f"{ENTRIES}/{id_}/restart")).status_code == 404
    answer = await alice.post(f"{at(entry)}/restart")
    assert refusal(answer) == (422, [("/time_code_id", "unknown_reference")])
    assert (await alice.get(CURRENT)).json() == timer
    assert await numbers(app) == before
