"""What every list promises, on both engines: pages in every order, totals, and strict questions."""

from typing import Any

import httpx
import pytest

from tests.api.kinds import KINDS, Kind, Row, id_of
from tests.api.tasks.calls import fields_of

pytestmark = pytest.mark.parametrize("kind", KINDS, ids=id_of)

ROWS = 7


async def paged(client: httpx.AsyncClient, kind: Kind, **query: str) -> list[Row]:
    """All the rows of a list, read three at a time."""
    rows: list[Row] = []
    cursor: dict[str, str] = {}
    while True:
        page: dict[str, Any] = (await client.get(kind.where, params=query | cursor | {"limit": "3"})).json()
        rows += page["items"]
        if page["next_cursor"] is None:
            return rows
        assert len(page["items"]) == 3
        cursor = {"cursor": page["next_cursor"]}


async def test_pages_in_every_order_hold_every_row_once(kind: Kind, alice: httpx.AsyncClient) -> None:
    rows = [await kind.add(alice) for _ in range(ROWS)]
    await alice.patch(kind.at(rows[2]), json={})
    for sort in kind.listing.sorts:
        found = await paged(alice, kind, sort=sort)
        assert found == await kind.list(alice, sort=sort)
        assert sorted(row["id"] for row in found) == [row["id"] for row in rows], sort


async def test_an_order_turned_round_is_the_same_backwards(kind: Kind, alice: httpx.AsyncClient) -> None:
    for _ in range(ROWS):
        await kind.add(alice)
    for sort in ("created_at", "updated_at", *kind.resource.folds):
        if sort in kind.listing.sorts:
            rows = await paged(alice, kind, sort=sort)
            # An instant on a whole second has no fraction.
            assert rows == sorted(rows, key=lambda row, name=sort: row[name].replace("Z", "."))  # type: ignore[misc] # bound above
            assert await paged(alice, kind, sort=f"-{sort}") == rows[::-1], sort


async def test_what_is_new_comes_first_unless_asked_otherwise(kind: Kind, alice: httpx.AsyncClient) -> None:
    rows = [await kind.add(alice) for _ in range(3)]
    assert await kind.list(alice) == rows[::-1]


async def test_the_total_counts_what_matches_on_every_page(kind: Kind, alice: httpx.AsyncClient) -> None:
    rows = [await kind.add(alice) for _ in range(3)]
    await alice.delete(kind.at(rows[0]))
    page = (await alice.get(kind.where, params={"limit": "1", "total": "true"})).json()
    assert (page["total"], page["items"]) == (2, [rows[2]])
    query = {"limit": "1", "total": "true", "cursor": page["next_cursor"]}
    page = (await alice.get(kind.where, params=query)).json()
    assert (page["total"], page["items"], page["next_cursor"]) == (2, [rows[1]], None)
    assert "total" not in (await alice.get(kind.where)).json()


async def test_text_is_found_in_any_case_and_wildcards_are_text(kind: Kind, alice: httpx.AsyncClient) -> None:
    straight = await kind.add(alice, **{kind.text: "Straße 100%"})
    other = await kind.add(alice, **{kind.text: "Other_1"})
    for wanted, found in (
        ("STRASSE", [straight]),
        ("100%", [straight]),
        ("r_1", [other]),
        ("%", [straight]),
        ("nowhere", []),
    ):
        assert await kind.list(alice, q=wanted) == found, wanted


async def test_a_question_that_the_list_does_not_know_is_refused(
    kind: Kind, alice: httpx.AsyncClient
) -> None:
    refused: dict[str, dict[str, str]] = {
        "/colour": {"colour": "red"},
        "/sort": {"sort": "colour"},
        "/limit": {"limit": "201"},
        "/trash": {"trash": "perhaps"},
        "/q": {"q": ""},
    }
    for pointer, query in refused.items():
        answer = await alice.get(kind.where, params=query)
        assert answer.status_code == 422
        assert [place for place, _ in fields_of(answer)] == [pointer]


async def test_a_cursor_of_another_question_is_malformed(kind: Kind, alice: httpx.AsyncClient) -> None:
    for _ in range(2):
        await kind.add(alice)
    cursor = (await alice.get(kind.where, params={"limit": "1"})).json()["next_cursor"]
    for query in ({"sort": "updated_at"}, {"trash": "true"}, {"q": "a"}):
        answer = await alice.get(kind.where, params={**query, "cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_cursor_and_a_tag_of_another_list_are_not_taken(kind: Kind, alice: httpx.AsyncClient) -> None:
    for _ in range(2):
        await kind.add(alice)
    first = await alice.get(kind.where, params={"limit": "1"})
    cursor, copy = {"cursor": first.json()["next_cursor"]}, {"If-None-Match": first.headers["etag"]}
    others = [other for other in KINDS if other is not kind]
    assert others
    for other in others:
        assert (await alice.get(other.where, params=cursor)).status_code == 400, other.resource.name
        assert (await alice.get(other.where, headers=copy)).status_code == 200, other.resource.name
