"""Cursors: good for the one list that gave them; anything else is malformed, and never an accident."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar

from app.api.tasks.rules import question_from
from app.api.tasks.schemas import TaskQuery
from app.core.http.query_strings import parse_query
from app.core.rows.cursors import CURSOR_MAX, encode_cursor
from tests.api.tasks.calls import TASKS, add
from tests.service import client_of

ID = "01890000-0000-7000-8000-000000000000"


async def cursor_of(client: httpx.AsyncClient, **query: str) -> str:
    """The cursor that the first page gives."""
    answer = await client.get(TASKS, params={"limit": "1", **query})
    assert answer.status_code == 200, answer.text
    cursor: str = answer.json()["next_cursor"]
    return cursor


def forged(sort: str, *keys: object) -> str:
    """A cursor of this sort, with keys that no list gave."""
    question = question_from(parse_query(f"sort={sort}".encode(), TaskQuery), datetime.now(UTC))
    return encode_cursor(question.digest, keys)


async def refusal(client: httpx.AsyncClient, cursor: str, **query: str) -> tuple[int, str]:
    """The status and the code of the answer."""
    answer = await client.get(TASKS, params={"cursor": cursor, **query})
    return answer.status_code, answer.json().get("code", "")


async def test_a_cursor_is_good_for_one_sort_filter_and_zone(alice: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(alice, tags=["home"])
    asked = {"sort": "due", "tag": "home", "tz": "Europe/Berlin"}
    cursor = await cursor_of(alice, **asked)
    for other in (
        {"sort": "-due"},
        {"sort": "title"},
        {"tag": "work"},
        {"tag_mode": "all"},
        {"tz": "UTC"},
        {"completed": "false"},
        {"trash": "true"},
        {"priority": "none"},
        {"q": "w"},
        {"due": "none"},
        {"due_from": "2026-05-01"},
        {"created_to": "2026-05-01"},
    ):
        answer = await alice.get(TASKS, params={**asked, "cursor": cursor, **other})
        assert answer.status_code == 400, other
        assert answer.json()["detail"] == "The cursor belongs to another sort or filter; start without it."


async def test_the_limit_and_the_total_may_change_between_pages(alice: httpx.AsyncClient) -> None:
    for title in ("a", "b", "c", "d"):
        await add(alice, title=title)
    cursor = await cursor_of(alice, sort="title")
    answer = await alice.get(TASKS, params={"cursor": cursor, "sort": "title", "limit": "2", "total": "true"})
    page = answer.json()
    assert ([task["title"] for task in page["items"]], page["total"]) == (["b", "c"], 4)


async def test_a_cursor_of_alice_shows_bob_his_own(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    mine = await add(bob, title="Bob's")
    for _ in range(2):
        await add(alice)
    answer = await bob.get(TASKS, params={"cursor": await cursor_of(alice)})
    assert answer.json() == {"items": [mine], "next_cursor": None}


NO_CURSORS = [
    "",
    "x",
    "null",
    "=",
    "====",
    "!!!!",
    "é",
    " ",
    "W10",
    "e30",
    "WzEsMl0",
    "//8",
    "A" * CURSOR_MAX,
]
TOO_DEEP = base64.urlsafe_b64encode(b"[" * 6000).decode()


async def test_what_is_no_cursor_is_malformed(alice: httpx.AsyncClient) -> None:
    for cursor in (*NO_CURSORS, "A" * (CURSOR_MAX + 1), TOO_DEEP):
        assert await refusal(alice, cursor) == (400, "malformed"), cursor


async def test_only_the_one_spelling_is_taken(alice: httpx.AsyncClient) -> None:
    for _ in range(2):
        await add(alice)
    cursor = await cursor_of(alice)
    assert await refusal(alice, cursor) == (200, "")
    for spelling in ("{}=", " {}", "{}!", "{}\n", "{}A", "{}AAAA"):
        assert await refusal(alice, spelling.format(cursor)) == (400, "malformed"), spelling


FORGED: list[tuple[str, tuple[Any, ...]]] = [
    ("created_at", ()),
    ("created_at", (ID, ID)),
    ("created_at", (1,)),
    ("created_at", (None,)),
    ("created_at", ("not an id",)),
    ("created_at", (ID.upper().replace("A", "a") + "0",)),
    ("-created_at", (ID.replace("-", ""),)),
    ("updated_at", (-1,)),
    ("updated_at", (2**63,)),
    ("-updated_at", (10**30,)),
    ("updated_at", (1.0,)),
    ("updated_at", (True,)),
    ("updated_at", ("1",)),
    ("due", ("2026-05-01T00:00:00", ID)),
    ("due", ("2026-05-01", ID)),
    ("due", ("0001-01-01T00:00:00+14:00", ID)),
    ("-due", ("9999-12-31T23:59:59.999999-14:00", ID)),
    ("due", ("9999-12-31T23:59:59.999999Z", ID)),
    ("due", ("1970-01-01T00:00:00Z", None)),
    ("due", (0, ID)),
    ("priority", (-2, ID)),
    ("-priority", (6, ID)),
    ("priority", (2**31, ID)),
    ("priority", (10**40, ID)),
    ("priority", ("high", ID)),
    ("title", ("a\0b", ID)),
    ("title", (1, ID)),
    ("-title", ("\U0010ffff" * 502, ID)),
    ("title", ("a", ID, "more")),
    ("title", ({}, [])),
]


async def test_forged_keys_are_malformed(alice: httpx.AsyncClient) -> None:
    await add(alice)
    for sort, keys in FORGED:
        assert await refusal(alice, forged(sort, *keys), sort=sort) == (400, "malformed"), (sort, keys)


async def test_a_lone_surrogate_is_malformed(alice: httpx.AsyncClient) -> None:
    question = json.loads(base64.urlsafe_b64decode(forged("title", "a", ID) + "=="))[0]
    raw = f'["{question}",["\\ud800","{ID}"]]'.encode()
    cursor = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    assert await refusal(alice, cursor, sort="title") == (400, "malformed")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_no_cursor_is_an_accident(alice: httpx.AsyncClient, data: st.DataObject) -> None:
    sort = data.draw(st.sampled_from(["-created_at", "updated_at", "due", "-priority", "title"]))
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(ID)
    cursor = forged(sort, *data.draw(st.lists(scalars, max_size=3)))
    place = data.draw(st.integers(0, len(cursor) - 1))
    changed = cursor[:place] + data.draw(st.characters(max_codepoint=0x7F)) + cursor[place + 1 :]
    for text in (cursor, changed):
        status, _ = await refusal(alice, text, sort=sort)
        assert status in (200, 400) or (status == 422 and "\0" in text)


@pytest.mark.parametrize("sort", ["title", "-title"])
async def test_the_longest_titles_fit_into_a_cursor(app: Litestar, sort: str) -> None:
    for number, letter in enumerate(["\x01", '"', "\U0010ffff", "ΐ", "\ufb03", "\U0001d160", "a"]):
        async with client_of(app, f"alice-{number}") as alice:
            ids = [(await add(alice, title=letter * 500))["id"] for _ in range(2)]
            cursor = await cursor_of(alice, sort=sort)
            answer = await alice.get(TASKS, params={"sort": sort, "cursor": cursor})
        assert len(cursor) <= CURSOR_MAX
        assert [task["id"] for task in answer.json()["items"]] == [min(ids) if sort == "-title" else max(ids)]
