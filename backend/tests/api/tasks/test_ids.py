"""Ids that clients choose: UUIDs of version 7, each once, none from the future."""

import httpx
import pytest

from tests.api.tasks.calls import TASKS, add, at, fields_of, id_at, instant, milliseconds_now, tag_of

MINUTE = 60_000


@pytest.fixture(params=["POST", "PUT"])
def creating(request: pytest.FixtureRequest) -> str:
    """Both ways to create with an id of one's own."""
    method: str = request.param
    return method


async def create(client: httpx.AsyncClient, method: str, id_: str) -> httpx.Response:
    if method == "PUT":
        return await client.put(f"{TASKS}/{id_}", json={"title": "Water the plants"})
    return await client.post(TASKS, json={"title": "Water the plants", "id": id_})


async def test_a_client_may_choose_the_id(alice: httpx.AsyncClient, creating: str) -> None:
    milliseconds = milliseconds_now() - 1000
    id_ = id_at(milliseconds)
    answer = await create(alice, creating, id_)
    assert (answer.status_code, answer.json()["id"]) == (201, id_)
    assert instant(answer.json()["created_at"]).timestamp() * 1000 == pytest.approx(milliseconds, abs=0.01)
    assert answer.headers["location"] == f"{TASKS}/{id_}"


async def test_the_first_moment_is_1970(alice: httpx.AsyncClient, creating: str) -> None:
    answer = await create(alice, creating, id_at(0))
    assert (answer.status_code, answer.json()["created_at"]) == (201, "1970-01-01T00:00:00Z")


async def test_the_last_moment_is_in_the_future(alice: httpx.AsyncClient, creating: str) -> None:
    answer = await create(alice, creating, id_at((1 << 48) - 1))
    assert (answer.status_code, fields_of(answer)) == (422, [("/id", "id")])
    assert "five minutes" in answer.json()["errors"][0]["message"]


async def test_a_clock_may_be_almost_five_minutes_ahead(alice: httpx.AsyncClient, creating: str) -> None:
    assert (await create(alice, creating, id_at(milliseconds_now() + 4 * MINUTE))).status_code == 201
    assert (await create(alice, creating, id_at(milliseconds_now() + 6 * MINUTE))).status_code == 422


@pytest.mark.parametrize("version", [0, 1, 4, 6, 8, 15])
async def test_an_id_of_another_version_is_refused_and_told_which(
    alice: httpx.AsyncClient, creating: str, version: int
) -> None:
    answer = await create(alice, creating, id_at(milliseconds_now(), version))
    assert (answer.status_code, fields_of(answer)) == (422, [("/id", "id")])
    assert "version 7" in answer.json()["errors"][0]["message"]


async def test_an_id_of_another_variant_is_refused(alice: httpx.AsyncClient, creating: str) -> None:
    answer = await create(alice, creating, "01890a5d-ac96-774b-fcce-b302099a8057")
    assert (answer.status_code, fields_of(answer)) == (422, [("/id", "id")])


async def test_a_taken_id_is_a_conflict_and_leaves_the_task_alone(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    answer = await alice.post(TASKS, json={"title": "Pay the rent", "id": task["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert (answer.json()["current"], answer.headers["etag"]) == (task, await tag_of(alice, at(task)))
    assert (await alice.get(at(task))).json() == task


async def test_an_id_is_the_same_however_it_is_written(alice: httpx.AsyncClient) -> None:
    id_ = id_at(milliseconds_now())
    created = await alice.put(f"{TASKS}/{id_.upper()}", json={"title": "Water the plants"})
    assert (created.status_code, created.json()["id"]) == (201, id_)
    assert (await alice.get(f"{TASKS}/{id_.replace('-', '')}")).json() == created.json()
