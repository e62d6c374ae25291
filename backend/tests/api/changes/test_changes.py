"""What changed: every kind of row, in order, each once, the trash included, and nothing of a stranger's."""

from typing import Any

import httpx
import msgspec
import pytest

from app.api import resources
from tests.api.changes.calls import CHANGES, add_one_of_each, changes, load, seqs
from tests.api.kinds import KINDS
from tests.api.tasks.calls import TASKS, add, at, fields_of
from tests.api.tasks.test_statements import assert_about
from tests.service import Statement, client_of, running, settings_for

TABLES = [resource.table.name for resource in resources()]


async def test_every_kind_of_row_is_told_of_in_the_order_of_the_changes(alice: httpx.AsyncClient) -> None:
    await add_one_of_each(alice)
    page = await changes(alice)
    assert sorted(item["type"] for item in page["items"]) == sorted(TABLES)
    assert seqs(page["items"]) == list(range(1, len(TABLES) + 1))
    assert page["more"] is False


async def test_a_row_is_byte_for_byte_what_its_resource_answers_with(alice: httpx.AsyncClient) -> None:
    await add_one_of_each(alice)
    answer = await alice.get(CHANGES)
    assert answer.headers["content-type"] == "application/json"
    paths = {resource.table.name: resource for resource in resources()}
    parts = msgspec.json.decode(answer.content, type=dict[str, msgspec.Raw])
    items = msgspec.json.decode(parts["items"], type=list[dict[str, msgspec.Raw]])
    assert len(items) == len(TABLES)
    for item in items:
        resource = paths[msgspec.json.decode(item["type"])]
        key = msgspec.json.decode(item["row"])[resource.key]
        own = await alice.get(f"/api/v1{resource.path}/{key}")
        assert own.status_code == 200
        assert bytes(item["row"]) == own.content


async def test_both_engines_give_the_same_bytes(sqlite_database_url: str, postgres_database_url: str) -> None:
    bodies = [
        {"id": f"01966666-6666-7666-8666-66666666666{number}", "title": title, "tags": ["a\nb", "é😀"]}
        for number, title in enumerate(["Water", '\u2028 " \\ /\t', "É" * 500])
    ]
    found = []
    for url in (sqlite_database_url, postgres_database_url):
        async with running(settings_for(url, auto_migrate=False)) as app, client_of(app, "alice") as alice:
            for body in bodies:
                assert (await alice.post(TASKS, json=body)).status_code == 201
            await alice.delete(f"{TASKS}/{bodies[1]['id']}")
            page = await changes(alice)
            moments = ("updated_at", "deleted_at")
            for item in page["items"]:
                item["row"] |= {name: bool(item["row"][name]) for name in moments}
            found.append([msgspec.json.encode(item) for item in page["items"]])
    assert found[0] == found[1]
    assert len(found[0]) == 3


async def test_what_lies_in_the_trash_is_told_and_what_comes_out_of_it(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    _, since = await load(alice)
    await alice.delete(at(task))
    [deleted], since = await load(alice, since)
    assert (deleted["type"], deleted["row"]["id"], deleted["row"]["seq"]) == ("tasks", task["id"], 2)
    assert deleted["row"]["deleted_at"]
    restored = (await alice.post(f"{at(task)}/restore")).json()
    [back], since = await load(alice, since)
    assert back["row"] == restored
    assert await load(alice, since) == ([], since)


async def test_a_row_is_told_once_by_its_last_change(alice: httpx.AsyncClient) -> None:
    first, second = await add(alice), await add(alice)
    await alice.patch(at(first), json={"title": "Feed the cat"})
    items, _ = await load(alice)
    assert [(item["row"]["id"], item["row"]["seq"]) for item in items] == [
        (second["id"], 2),
        (first["id"], 3),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
async def test_pages_of_any_size_come_to_the_same(alice: httpx.AsyncClient, limit: int) -> None:
    await add_one_of_each(alice)
    await KINDS[0].add(alice)
    everything = await changes(alice, limit=1000)
    items, since = await load(alice, limit=limit)
    assert (items, since) == (everything["items"], everything["next"])
    assert await load(alice, since, limit=limit) == ([], since)


async def test_a_page_that_is_just_full_says_that_there_is_no_more(alice: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(alice)
    assert (await changes(alice, limit=3))["more"] is False
    assert (await changes(alice, limit=2))["more"] is True


async def test_types_are_told_of_alone_and_the_cursor_passes_by_the_others(alice: httpx.AsyncClient) -> None:
    await add_one_of_each(alice)
    for table in TABLES:
        items, since = await load(alice, types=table, limit=1)
        assert [item["type"] for item in items] == [table]
        assert since.split(".")[1] == str(len(TABLES))
    items, _ = await load(alice, types=["tasks", "config", "tasks"])
    assert {item["type"] for item in items} == {"tasks", "config"}
    assert len(items) == 2


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"types": "secrets"}, "/types/0"),
        ({"types": ["tasks", "change_heads"]}, "/types/1"),
        ({"types": ""}, "/types/0"),
        ({"limit": "0"}, "/limit"),
        ({"limit": "1001"}, "/limit"),
        ({"wait": "26"}, "/wait"),
        ({"wait": "-1"}, "/wait"),
        ({"wait": "1.5"}, "/wait"),
        ({"cursor": "0.0.0"}, "/cursor"),
        ({"since": ["0.0.0", "0.0.0"]}, "/since"),
    ],
)
async def test_a_bad_question_is_refused_where_it_is_bad(
    alice: httpx.AsyncClient, query: dict[str, Any], pointer: str
) -> None:
    answer = await alice.get(CHANGES, params=query)
    assert answer.status_code == 422
    assert [where for where, _ in fields_of(answer)] == [pointer]


async def test_nothing_of_bobs_is_in_alices_feed(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    _, since = await load(alice)
    await add_one_of_each(bob)
    assert await load(alice) == ([], since)
    await add_one_of_each(alice)
    _, bobs = await load(bob)
    theirs = await alice.get(CHANGES, params={"since": bobs})
    assert (theirs.status_code, theirs.json()["code"]) == (410, "gone")
    mine = {item["row"].get("id") for item in (await load(alice))[0]}
    assert mine.isdisjoint({item["row"]["id"] for item in (await load(bob))[0] if "id" in item["row"]})


async def test_nobody_has_no_changes(nobody: httpx.AsyncClient) -> None:
    for path in (CHANGES, f"{CHANGES}/stream"):
        assert (await nobody.get(path)).status_code == 401


async def test_a_page_is_one_statement_about_one_person(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    await add_one_of_each(alice)
    since = (await changes(alice, limit=1))["next"]
    statements.clear()
    for query in ({}, {"since": since}, {"types": "tasks"}, {"since": since, "limit": 2}, {"wait": 25}):
        await changes(alice, **query)
        [(statement, parameters)] = statements
        assert_about(statement, parameters, "alice")
        statements.clear()


async def test_a_bad_question_asks_nothing_of_the_database(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    for query in ({"since": "garbage"}, {"types": "secrets"}, {"limit": "0"}):
        assert (await alice.get(CHANGES, params=query)).is_client_error
    assert statements == []


async def test_no_answer_is_kept_by_anybody(alice: httpx.AsyncClient) -> None:
    answer = await alice.get(CHANGES)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "Authorization"
    assert "etag" not in answer.headers


async def test_head_is_get_without_the_body(alice: httpx.AsyncClient) -> None:
    answer = await alice.head(CHANGES)
    assert (answer.status_code, answer.content) == (200, b"")
