"""The names of what entries refer to, told in the list where `include=names` asks."""

import httpx

from tests.api.tasks.calls import fields_of
from tests.api.time_entries.calls import API, ENTRIES, add, at, make

NAMES = ("task_title", "time_code", "time_code_name", "work_type", "work_type_name")


async def named(client: httpx.AsyncClient, **query: str) -> list[list[str | None]]:
    """The names told with each entry of a list."""
    answer = await client.get(ENTRIES, params={"include": "names", **query})
    assert answer.status_code == 200, answer.text
    return [[entry[name] for name in NAMES] for entry in answer.json()["items"]]


async def test_names_are_told_beside_the_entries_themselves(alice: httpx.AsyncClient) -> None:
    ids = {
        "task_id": await make(alice, "tasks", title='Log"in\n😀'),
        "time_code_id": await make(alice, "time-codes", code="ACME", name="Acme"),
        "work_type_id": await make(alice, "work-types", code="DEV", name="Development"),
    }
    entry, bare = await add(alice, **ids), await add(alice)
    words = ['Log"in\n😀', "ACME", "Acme", "DEV", "Development"]
    assert await named(alice, sort="created_at") == [words, [None] * 5]
    items = (await alice.get(ENTRIES, params={"include": "names"})).json()["items"]
    assert [{name: row[name] for name in entry} for row in items] == [bare, entry]
    assert list(items[0]) == [*entry, *NAMES]
    assert all(name not in row for row in (await alice.get(ENTRIES)).json()["items"] for name in NAMES)


async def test_what_lies_in_the_trash_keeps_its_name(alice: httpx.AsyncClient) -> None:
    code = await make(alice, "time-codes", code="ACME", name="Acme")
    entry = await add(alice, time_code_id=code)
    await alice.delete(f"{API}/time-codes/{code}")
    assert await named(alice) == [[None, "ACME", "Acme", None, None]]
    await make(alice, "time-codes", code="ACME", name="Another")
    assert await named(alice) == [[None, "ACME", "Acme", None, None]]
    await alice.delete(at(entry))
    assert await named(alice, trash="true") == [[None, "ACME", "Acme", None, None]]


async def test_a_name_that_changes_changes_the_tag_and_what_is_told(alice: httpx.AsyncClient) -> None:
    task = await make(alice, "tasks", title="Login")
    await add(alice, task_id=task)
    plain, told = [await alice.get(ENTRIES, params=query) for query in ({}, {"include": "names"})]
    assert plain.headers["etag"] != told.headers["etag"]
    for answer, other in ((plain, {"include": "names"}), (told, {})):
        copy = {"If-None-Match": answer.headers["etag"]}
        assert (await alice.get(ENTRIES, params=other, headers=copy)).status_code == 200
        assert (await alice.get(answer.request.url, headers=copy)).status_code == 304
    await alice.patch(f"{API}/tasks/{task}", json={"title": "Logout"})
    copy = {"If-None-Match": told.headers["etag"]}
    assert (await alice.get(ENTRIES, params={"include": "names"}, headers=copy)).status_code == 200
    assert await named(alice) == [["Logout", None, None, None, None]]


async def test_names_go_on_over_pages_and_only_there(alice: httpx.AsyncClient) -> None:
    task = await make(alice, "tasks", title="Login")
    for _ in range(3):
        await add(alice, task_id=task)
    first = (await alice.get(ENTRIES, params={"include": "names", "limit": "2"})).json()
    assert await named(alice, limit="2", cursor=first["next_cursor"]) == [["Login", None, None, None, None]]
    without = await alice.get(ENTRIES, params={"limit": "2", "cursor": first["next_cursor"]})
    assert (without.status_code, without.json()["code"]) == (400, "malformed")


async def test_what_else_can_be_included_is_told(alice: httpx.AsyncClient) -> None:
    for query, pointer in (("include=name", "/include/0"), ("include=names&include=", "/include/1")):
        answer = await alice.get(f"{ENTRIES}?{query}")
        assert (answer.status_code, fields_of(answer)) == (422, [(pointer, "invalid")])
        assert "names" in answer.json()["errors"][0]["message"]
    assert (await alice.get(f"{ENTRIES}?include=names&include=names")).status_code == 200
