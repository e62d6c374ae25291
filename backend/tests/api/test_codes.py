"""What time codes and work types are for: to be offered to who picks one, and kept when they are not."""

import httpx
import pytest

from tests.api.kinds import KINDS, Kind, id_of
from tests.api.tasks.calls import fields_of

CODED = [kind for kind in KINDS if "active" in kind.listing.filters]
pytestmark = pytest.mark.parametrize("kind", CODED, ids=id_of)

NAMES = {"dev": "Zebra", "API": "Élan", "Bug": "apple", "élan": "Straße"}


async def codes(client: httpx.AsyncClient, kind: Kind, **query: str) -> list[str]:
    return [row["code"] for row in await kind.list(client, **query)]


@pytest.fixture
async def picked(kind: Kind, alice: httpx.AsyncClient) -> Kind:
    """Alice has a few, one of which is kept but not offered."""
    for code, name in NAMES.items():
        await kind.add(alice, code=code, name=name, active=code != "Bug")
    return kind


def test_both_are_looked_at(kind: Kind) -> None:
    assert [kind.resource.name for kind in CODED] == ["time code", "work type"]
    assert kind.text == "code"


async def test_a_picker_asks_for_what_is_active(picked: Kind, alice: httpx.AsyncClient) -> None:
    assert await codes(alice, picked, sort="code", active="true") == ["API", "dev", "élan"]
    assert await codes(alice, picked, sort="code", active="false") == ["Bug"]
    assert await codes(alice, picked, sort="code") == ["API", "Bug", "dev", "élan"]


async def test_what_is_not_active_can_be_read_changed_and_offered_again(
    picked: Kind, alice: httpx.AsyncClient
) -> None:
    [bug] = await picked.list(alice, active="false")
    assert (await alice.get(picked.at(bug))).json() == bug
    assert (await alice.patch(picked.at(bug), json={"active": True})).json()["active"] is True
    assert await codes(alice, picked, active="false") == []


async def test_it_is_found_by_code_or_name_in_any_case(picked: Kind, alice: httpx.AsyncClient) -> None:
    for wanted, found in (("ÉLAN", ["API", "élan"]), ("strasse", ["élan"]), ("b", ["Bug", "dev"])):
        assert await codes(alice, picked, sort="code", q=wanted) == found
    assert await codes(alice, picked, q="b", active="true") == ["dev"]


async def test_names_are_sorted_as_folded_and_alike_on_both_engines(
    picked: Kind, alice: httpx.AsyncClient
) -> None:
    assert await codes(alice, picked, sort="name") == ["Bug", "élan", "dev", "API"]
    assert await codes(alice, picked, sort="-name") == ["API", "dev", "élan", "Bug"]


async def test_the_longest_code_and_name_are_taken_sorted_and_no_longer_ones(
    kind: Kind, alice: httpx.AsyncClient
) -> None:
    # Folded, each of the first is three characters: no text gets longer. The last comes after all others.
    rows = [await kind.add(alice, code=text * 64, name=text * 200) for text in ("\ufb03", "x", "\U0010ffff")]
    for sort in ("code", "-code", "name", "-name"):
        page = (await alice.get(kind.where, params={"sort": sort, "limit": "2"})).json()
        rest = await kind.list(alice, sort=sort, cursor=page["next_cursor"])
        assert len({row["id"] for row in [*page["items"], *rest]}) == len(rows)
    for field, text in (("code", "x" * 65), ("name", "x" * 201), ("name", ""), ("description", "x" * 5001)):
        answer = await alice.post(kind.where, json=kind.draft(**{field: text}))
        assert (answer.status_code, fields_of(answer)) == (422, [(f"/{field}", "invalid")])


async def test_what_must_be_there_must_be_there(kind: Kind, alice: httpx.AsyncClient) -> None:
    for field in ("code", "name"):
        body = {name: value for name, value in kind.draft().items() if name != field}
        answer = await alice.post(kind.where, json=body)
        assert (answer.status_code, fields_of(answer)) == (422, [(f"/{field}", "required")])
    row = await kind.add(alice)
    for field in ("code", "name", "active"):
        answer = await alice.patch(kind.at(row), json={field: None})
        assert (answer.status_code, fields_of(answer)) == (422, [(f"/{field}", "invalid")])
