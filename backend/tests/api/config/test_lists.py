"""Lists of settings: pages by key and by last change, totals, the trash, strict questions."""

import httpx
import pytest

from app.api.config.rules import question_from
from app.api.config.schemas import SettingQuery
from app.core.rows.cursors import encode_cursor
from tests.api.config.calls import CONFIG, Setting, add, at, keys, put
from tests.api.tasks.calls import fields_of

ADDED = ["app.b", "week_start", "app.B", "app.a-b", "app.a", "app.a.b", "app.a_b", "overlap"]
BY_KEY = sorted(ADDED)
VALUES = {"week_start": "friday", "overlap": "reject"}


@pytest.fixture
async def settings(alice: httpx.AsyncClient) -> list[str]:
    """Alice has a few; the third was changed last."""
    for key in ADDED:
        await add(alice, key, VALUES.get(key, "dark"))
    await put(alice, ADDED[2], "light")
    return [*ADDED[:2], *ADDED[3:], ADDED[2]]


async def paged(client: httpx.AsyncClient, **query: str) -> list[Setting]:
    """All the settings of a list, read three at a time."""
    rows: list[Setting] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(CONFIG, params=query | cursor | {"limit": "3"})).json()
        rows += page["items"]
        if page["next_cursor"] is None:
            return rows
        assert len(page["items"]) == 3
        cursor = {"cursor": page["next_cursor"]}


async def test_pages_in_every_order(alice: httpx.AsyncClient, settings: list[str]) -> None:
    for sort, wanted in (("key", BY_KEY), ("updated_at", settings)):
        for name, order in ((sort, wanted), (f"-{sort}", wanted[::-1])):
            rows = await paged(alice, sort=name)
            assert [row["key"] for row in rows] == order == await keys(alice, sort=name)
            assert [(await alice.get(at(row["key"]))).json() for row in rows] == rows
    assert await keys(alice) == BY_KEY


async def test_the_total_counts_what_matches_on_every_page(
    alice: httpx.AsyncClient, settings: list[str]
) -> None:
    await alice.delete(at("app.b"))
    page = (await alice.get(CONFIG, params={"limit": "6", "total": "true"})).json()
    assert (page["total"], len(page["items"])) == (7, 6)
    query = {"limit": "6", "total": "true", "cursor": page["next_cursor"]}
    last = (await alice.get(CONFIG, params=query)).json()
    assert (last["total"], len(last["items"]), last["next_cursor"]) == (7, 1, None)
    trash = (await alice.get(CONFIG, params={"trash": "true", "total": "true"})).json()
    assert (trash["total"], [row["key"] for row in trash["items"]]) == (1, ["app.b"])
    assert "total" not in (await alice.get(CONFIG)).json()


async def test_a_page_of_exactly_the_limit_is_the_last(alice: httpx.AsyncClient, settings: list[str]) -> None:
    page = (await alice.get(CONFIG, params={"limit": str(len(ADDED))})).json()
    assert (len(page["items"]), page["next_cursor"]) == (len(ADDED), None)


async def test_rows_that_come_and_go_move_nothing(alice: httpx.AsyncClient, settings: list[str]) -> None:
    page = (await alice.get(CONFIG, params={"limit": "3"})).json()
    await alice.delete(at(BY_KEY[0]))
    await add(alice, "app.0")
    assert await keys(alice, cursor=page["next_cursor"]) == BY_KEY[3:]


async def test_a_question_that_the_list_does_not_know_is_refused(alice: httpx.AsyncClient) -> None:
    for query, place in (
        ({"q": "theme"}, ("/q", "unknown_field")),
        ({"sort": "created_at"}, ("/sort", "invalid")),
        ({"limit": "0"}, ("/limit", "invalid")),
        ({"trash": "perhaps"}, ("/trash", "invalid")),
    ):
        answer = await alice.get(CONFIG, params=query)
        assert (answer.status_code, fields_of(answer)) == (422, [place])


async def test_a_cursor_of_another_question_is_malformed(
    alice: httpx.AsyncClient, settings: list[str]
) -> None:
    cursor = (await alice.get(CONFIG, params={"limit": "1"})).json()["next_cursor"]
    for query in ({"sort": "-key"}, {"sort": "updated_at"}, {"trash": "true"}):
        answer = await alice.get(CONFIG, params={**query, "cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert (await alice.get("/api/v1/tasks", params={"cursor": cursor})).status_code == 400


@pytest.mark.parametrize("key", ["a\0b", "", "~~", "é", "\U0010ffff", 5, None])
async def test_a_cursor_that_no_list_gives_is_malformed(alice: httpx.AsyncClient, key: object) -> None:
    digest = question_from(SettingQuery()).digest
    answer = await alice.get(CONFIG, params={"cursor": encode_cursor(digest, (key,))})
    if key == "":
        assert answer.json() == {"items": [], "next_cursor": None}, "the start of all"
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
