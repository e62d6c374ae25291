"""A page's tag: the whole list's state, so that a page that is still good is not sent again."""

from datetime import UTC, datetime

import httpx
import pytest
from litestar import Litestar

from app.api.tasks.queries import TASK_LIST
from app.api.tasks.rules import question_from
from app.api.tasks.schemas import TaskQuery
from app.core.http.query_strings import parse_query
from app.core.rows.pages import Page, read_page
from tests.api.tasks.calls import TASKS, add, at, instant

MORNING = datetime(2026, 5, 1, 6, tzinfo=UTC)
EVENING = datetime(2026, 5, 1, 23, 30, tzinfo=UTC)
NEXT_DAY = datetime(2026, 5, 2, 0, 0, tzinfo=UTC)


async def page_at(app: Litestar, query: str, now: datetime, *copies: str | None) -> Page:
    """Alice's page at this moment, where she has these copies already."""
    asked = parse_query(query.encode(), TaskQuery)
    tags = [copy for copy in copies if copy]
    async with app.state.database.session(read_only=True) as session:
        return await read_page(session, "alice", TASK_LIST, question_from(asked, now), asked, tags)


@pytest.mark.parametrize(
    "query", [{}, {"sort": "due", "total": "true"}, {"completed": "false", "q": "w"}, {"due": "today"}]
)
async def test_a_good_copy_is_not_sent_again_and_an_old_one_is(
    alice: httpx.AsyncClient, query: dict[str, str]
) -> None:
    task = await add(alice)
    first = await alice.get(TASKS, params=query)
    copy = {"If-None-Match": first.headers["etag"]}
    again = await alice.get(TASKS, params=query, headers=copy)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    await alice.patch(at(task), json={"title": "Water more"})
    changed = await alice.get(TASKS, params=query, headers=copy)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_a_page_deep_in_the_list_has_the_same_tag(alice: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(alice)
    first = await alice.get(TASKS, params={"limit": "1"})
    query = {"limit": "1", "cursor": first.json()["next_cursor"]}
    second = await alice.get(TASKS, params=query)
    assert second.headers["etag"] == first.headers["etag"]
    again = await alice.get(TASKS, params=query, headers={"If-None-Match": second.headers["etag"]})
    assert again.status_code == 304


async def test_one_good_copy_of_several_is_enough(alice: httpx.AsyncClient) -> None:
    old = (await alice.get(TASKS)).headers["etag"]
    await add(alice)
    now = (await alice.get(TASKS)).headers["etag"]
    for tags in (f"{old}, {now}", f'"other", W/{now}', "*"):
        answer = await alice.get(TASKS, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content) == (304, b""), tags


async def test_tags_of_rows_and_of_other_people_are_no_copies_of_a_list(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    task = await add(alice)
    await add(bob)
    row = (await alice.get(at(task))).headers["etag"]
    bobs = (await bob.get(TASKS)).headers["etag"]
    longest = (await alice.get(TASKS)).headers["etag"].rstrip('"') + "9" * 18 + '"'
    for tag in (row, bobs, longest, '"l"', '"l.."', '"lx.0.0"'):
        answer = await alice.get(TASKS, headers={"If-None-Match": tag})
        assert [item["id"] for item in answer.json()["items"]] == [task["id"]], tag


async def test_an_empty_list_has_a_tag_until_something_comes(alice: httpx.AsyncClient) -> None:
    copy = {"If-None-Match": (await alice.get(TASKS)).headers["etag"]}
    assert (await alice.get(TASKS, headers=copy)).status_code == 304
    await add(alice)
    assert (await alice.get(TASKS, headers=copy)).status_code == 200


async def test_a_refused_write_leaves_a_copy_good(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    copy = {"If-None-Match": (await alice.get(TASKS)).headers["etag"]}
    stale = await alice.patch(at(task), json={"title": "x"}, headers={"If-Match": '"r0.1"'})
    assert stale.status_code == 412
    assert (await alice.get(TASKS, headers=copy)).status_code == 304


async def test_what_hangs_on_the_instant_has_no_tag(alice: httpx.AsyncClient) -> None:
    await add(alice, due_on="2020-01-01")
    answer = await alice.get(TASKS, params={"due": "overdue"})
    assert len(answer.json()["items"]) == 1
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    copy = {"If-None-Match": (await alice.get(TASKS)).headers["etag"]}
    assert (await alice.get(TASKS, params={"due": "overdue"}, headers=copy)).status_code == 200


@pytest.mark.parametrize("due", ["today", "upcoming"])
async def test_what_hangs_on_the_day_is_good_for_that_day_in_its_zone(
    app: Litestar, alice: httpx.AsyncClient, due: str
) -> None:
    await add(alice, due_on="2026-05-01")
    query = f"due={due}"
    morning = (await page_at(app, query, MORNING)).tag
    assert (await page_at(app, query, EVENING, morning)).body is None
    assert (await page_at(app, query, NEXT_DAY, morning)).body is not None
    assert (await page_at(app, f"{query}&tz=Europe/Berlin", EVENING, morning)).body is not None
    assert (await page_at(app, "", MORNING, morning)).body is not None


async def test_what_hangs_on_no_day_stays_good(app: Litestar, alice: httpx.AsyncClient) -> None:
    await add(alice)
    for query in ("", "due=none", "due_from=2026-05-01", "sort=due"):
        tag = (await page_at(app, query, MORNING)).tag
        assert (await page_at(app, query, instant("2027-01-01T00:00:00Z"), tag)).body is None
