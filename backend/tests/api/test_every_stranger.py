"""A stranger's row of whatever kind does not exist: alice cannot see, change, or learn of bob's."""

import json
from typing import Any

import httpx
import pytest

from app.core.ids import new_id
from tests.api.kinds import KINDS, Kind, id_of

pytestmark = pytest.mark.parametrize("kind", KINDS, ids=id_of)

VERBS = [("GET", ""), ("HEAD", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/restore")]


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], Any]:
    """All that an answer says, but for the request's own id."""
    body = json.loads(answer.content) if answer.content else None
    headers = [(name, value) for name, value in answer.headers.multi_items() if name != "x-request-id"]
    return answer.status_code, headers, body and {**body, "request_id": ""}


@pytest.mark.parametrize("state", ["live", "trashed"])
async def test_a_strangers_id_and_a_random_id_get_the_same_answer(
    kind: Kind, state: str, alice: httpx.AsyncClient, bob: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    his = await kind.add(bob)
    if state == "trashed":
        await bob.delete(kind.at(his))
    before = told(await bob.get(kind.where, params={"trash": str(state == "trashed").lower()}))
    for client, status in ((alice, 404), (nobody, 401)):
        for method, path in VERBS:
            body: dict[str, str] | None = {} if method == "PATCH" else None
            places = (kind.at(his), f"{kind.where}/{new_id()}")
            one, other = [told(await client.request(method, f"{at}{path}", json=body)) for at in places]
            assert one == other
            assert one[0] == status
    assert told(await bob.get(kind.where, params={"trash": str(state == "trashed").lower()})) == before


async def test_what_is_a_strangers_is_free_and_seen_by_its_owner_alone(
    kind: Kind, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    his = await kind.add(bob)
    before = told(await bob.get(kind.where))
    hers = await alice.put(kind.at(his), json=kind.draft(**{kind.text: his[kind.text]}))
    assert (hers.status_code, hers.json()["seq"]) == (201, 1)
    assert await kind.list(alice) == [hers.json()]
    assert (await alice.delete(kind.at(his))).status_code == 204
    assert told(await bob.get(kind.where)) == before
    assert (await bob.get(kind.at(his))).json() == his


async def test_a_strangers_cursor_and_tag_lead_to_ones_own_rows_only(
    kind: Kind, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    hers = [await kind.add(alice) for _ in range(2)]
    for _ in range(3):
        await kind.add(bob)
    answer = await bob.get(kind.where, params={"limit": "1"})
    found = await kind.list(alice, limit="1", cursor=answer.json()["next_cursor"])
    assert {row["id"] for row in found} <= {row["id"] for row in hers}
    copy = {"If-None-Match": answer.headers["etag"]}
    assert (await alice.get(kind.where, params={"limit": "1"}, headers=copy)).status_code == 200
