"""Time codes: what a person books hours on, and the words that point to it."""

import httpx
import pytest

from app.models.time_code import PHRASE_MAX, PHRASES_MAX
from tests.api.tasks.calls import fields_of

TIME_CODES = "/api/v1/time-codes"
DEV = {"code": "ACME-DEV", "name": "Acme: development"}
LISTS = pytest.mark.parametrize("name", ["keywords", "examples"])


async def test_what_is_absent_gets_its_default(alice: httpx.AsyncClient) -> None:
    code = (await alice.post(TIME_CODES, json=DEV)).json()
    assert code == code | DEV | {"description": None, "keywords": [], "examples": [], "active": True}


async def test_words_are_kept_as_they_are_and_in_their_order(alice: httpx.AsyncClient) -> None:
    words = {
        "keywords": ["Zoë", "acme", "ACME", "e\u0301"],
        "examples": ["fixed the login", "a \"b\", 'c'\n"],
    }
    answer = await alice.post(TIME_CODES, json=DEV | words)
    assert answer.json() == answer.json() | words
    assert (await alice.get(answer.headers["location"])).json() == answer.json()


@LISTS
async def test_a_patch_replaces_the_whole_list_and_null_empties_it(
    alice: httpx.AsyncClient, name: str
) -> None:
    words: dict[str, object] = {"keywords": ["acme"], "examples": ["login"]}
    where = (await alice.post(TIME_CODES, json=DEV | words)).headers["location"]
    for sent, kept in ((["api", "b"], ["api", "b"]), (None, []), ([], [])):
        changed = (await alice.patch(where, json={name: sent})).json()
        assert changed == changed | words | {name: kept}


@LISTS
async def test_a_list_may_be_as_long_as_its_bounds_and_no_longer(alice: httpx.AsyncClient, name: str) -> None:
    # As many bytes as JSON can make of a character.
    longest = [f"{number:02}" + "\u0001" * (PHRASE_MAX - 2) for number in range(PHRASES_MAX)]
    answer = await alice.post(TIME_CODES, json=DEV | {name: longest})
    assert (answer.status_code, answer.json()[name]) == (201, longest)
    refused: list[tuple[list[object], str]] = [
        ([*longest, "one more"], f"/{name}"),
        (["x" * (PHRASE_MAX + 1)], f"/{name}/0"),
        (["a", ""], f"/{name}/1"),
        (["a\0"], f"/{name}/0"),
        (["a", 5], f"/{name}/1"),
        (["acme", "api", "acme"], f"/{name}"),
    ]
    for value, place in refused:
        for method, where in (("POST", TIME_CODES), ("PATCH", answer.headers["location"])):
            again = await alice.request(method, where, json={**DEV, "code": "X", name: value})
            assert (again.status_code, fields_of(again)) == (422, [(place, "invalid")]), value
