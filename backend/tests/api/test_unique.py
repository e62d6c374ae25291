"""A code is one person's once: whatever its case, on every verb, and however many ask at once."""

import asyncio
from collections import Counter

import httpx
import pytest

from app.core.ids import new_id
from tests.api.kinds import KINDS, Kind, id_of
from tests.api.tasks.calls import fields_of

UNIQUE = [kind for kind in KINDS if kind.resource.unique]
pytestmark = pytest.mark.parametrize("kind", UNIQUE, ids=id_of)


def assert_taken(answer: httpx.Response, kind: Kind) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict"), answer.text
    assert fields_of(answer) == [(f"/{kind.text}", "taken")]


async def test_a_taken_code_is_refused_by_every_verb_and_takes_no_number(
    kind: Kind, alice: httpx.AsyncClient
) -> None:
    taken = await kind.add(alice, **{kind.text: "Straße"})
    other = await kind.add(alice)
    body = kind.draft(**{kind.text: "STRASSE"})
    for answer in (
        await alice.post(kind.where, json=body),
        await alice.put(f"{kind.where}/{new_id()}", json=body),
        await alice.put(kind.at(other), json=body),
        await alice.patch(kind.at(other), json={kind.text: "strasse"}),
    ):
        assert_taken(answer, kind)
    assert await kind.list(alice) == [other, taken]
    assert (await kind.add(alice))["seq"] == 3


async def test_a_row_may_keep_its_own_code_and_write_it_otherwise(
    kind: Kind, alice: httpx.AsyncClient
) -> None:
    row = await kind.add(alice, **{kind.text: "Dev"})
    assert (await alice.patch(kind.at(row), json={kind.text: "DEV"})).json()[kind.text] == "DEV"
    assert (await alice.put(kind.at(row), json=kind.draft(**{kind.text: "dev"}))).status_code == 200


async def test_the_trash_leaves_a_code_to_others_and_gets_it_back_only_if_it_is_free(
    kind: Kind, alice: httpx.AsyncClient
) -> None:
    first = await kind.add(alice, **{kind.text: "Dev"})
    await alice.delete(kind.at(first))
    second = await kind.add(alice, **{kind.text: "dev"})
    refused = await alice.post(f"{kind.at(first)}/restore")
    assert_taken(refused, kind)
    assert [row["id"] for row in await kind.list(alice, trash="true")] == [first["id"]]
    await alice.delete(kind.at(second))
    assert len(await kind.list(alice, trash="true")) == 2
    restored = await alice.post(f"{kind.at(first)}/restore")
    assert (restored.status_code, restored.json()["seq"]) == (200, 5)


async def test_a_condition_is_asked_before_the_code(kind: Kind, alice: httpx.AsyncClient) -> None:
    await kind.add(alice, **{kind.text: "Dev"})
    row = await kind.add(alice)
    stale = await alice.patch(kind.at(row), json={kind.text: "dev"}, headers={"If-Match": '"r0.9"'})
    assert stale.status_code == 412


async def test_a_taken_id_is_not_called_a_taken_code(kind: Kind, alice: httpx.AsyncClient) -> None:
    row = await kind.add(alice)
    answer = await alice.post(kind.where, json=kind.draft(id=row["id"], **{kind.text: row[kind.text]}))
    assert answer.status_code == 409
    assert "errors" not in answer.json()


async def test_each_person_and_each_kind_has_codes_of_its_own(
    kind: Kind, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    for client in (alice, bob):
        for every in UNIQUE:
            await every.add(client, **{kind.text: "Dev"})
        assert_taken(await client.post(kind.where, json=kind.draft(**{kind.text: "Dev"})), kind)


async def test_of_twenty_at_once_one_has_the_code(kind: Kind, alice: httpx.AsyncClient) -> None:
    spelt = ["Dev", "DEV", "dev", "dEv"]
    bodies = [kind.draft(**{kind.text: spelt[n % 4]}) for n in range(20)]
    answers = await asyncio.gather(*(alice.post(kind.where, json=body) for body in bodies))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    for answer in answers:
        if answer.status_code == 409:
            assert_taken(answer, kind)
    [row] = await kind.list(alice)
    assert (row["seq"], (await kind.add(alice))["seq"]) == (1, 2)


async def test_of_twenty_patches_at_once_one_takes_the_code(kind: Kind, alice: httpx.AsyncClient) -> None:
    rows = [await kind.add(alice) for _ in range(20)]
    answers = await asyncio.gather(*(alice.patch(kind.at(row), json={kind.text: "Dev"}) for row in rows))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 19}
    assert [row[kind.text] for row in await kind.list(alice)].count("Dev") == 1
