"""The filters and orders of the list: each alone, together, and refused where they make no sense."""

import re
from typing import Any

import httpx
import pytest

from app.core.ids import new_id
from tests.api.kinds import KINDS
from tests.api.tasks.calls import fields_of
from tests.api.test_every_list import paged
from tests.api.time_entries.calls import API, ENTRIES, Entry, add, at, between, change, make

Pairs = list[tuple[str, str]]


async def found(client: httpx.AsyncClient, *pairs: tuple[str, str], sort: str = "created_at") -> str:
    """The entries that a list finds, by their descriptions, in this order; it counts them rightly."""
    answer = await client.get(ENTRIES, params=[("sort", sort), *pairs, ("total", "true")])
    assert answer.status_code == 200, (pairs, answer.text)
    items = answer.json()["items"]
    assert answer.json()["total"] == len(items)
    return "".join(entry["description"][0] for entry in items)


@pytest.fixture
async def ids(alice: httpx.AsyncClient) -> Entry:
    """Alice's entries a to g (and x in the trash), and what they refer to."""
    task, other = await make(alice, "tasks", title="Login"), await make(alice, "tasks", title="Logout")
    code = await make(alice, "time-codes", code="ACME", name="Acme")
    kind = await make(alice, "work-types", code="DEV", name="Development")
    day, next_day = "2026-05-01", "2026-05-02"
    await add(alice, description="a", **between("09:00", "10:00", day), task_id=task, tags=["home", "quiet"])
    await add(alice, description="b", **between("10:00", "12:00", day), task_id=other, tags=["home"])
    await add(alice, description="c", **between("09:00", "09:30", next_day), time_code_id=code, locked=True)
    await add(alice, description="d ÉTÉ", entry_date=day, duration_seconds=60, work_type_id=kind)
    await add(alice, description="e", entry_date=next_day, duration_seconds=7200, raw_text="Straße 100%")
    await add(alice, description="f", started_at="2026-04-30T22:00:00Z", time_zone="Europe/Berlin")
    await add(
        alice, description="g", started_at=f"{day}T10:00:00Z", ended_at=f"{day}T10:00:00Z", tags=["cat"]
    )
    gone = await add(alice, description="x", **between("09:00", "10:00", day), task_id=task)
    await alice.delete(at(gone))
    return {"task": task, "other": other, "code": code, "kind": kind}


ALONE: list[tuple[Pairs, str]] = [
    ([], "abcdefg"),
    ([("day_from", "2026-05-02")], "ce"),
    ([("day_to", "2026-05-01")], "abdfg"),
    ([("day_from", "2026-05-01"), ("day_to", "2026-05-01")], "abdfg"),
    ([("day_from", "2026-05-03")], ""),
    ([("day_from", "2026-05-02"), ("day_to", "2026-05-01")], ""),
    ([("day_from", "1970-01-01"), ("day_to", "9998-12-31")], "abcdefg"),
    ([("time_from", "2026-05-01T10:00:00Z")], "bcf"),
    ([("time_from", "2026-05-01T09:59:59.5Z")], "abcfg"),
    ([("time_to", "2026-05-01T09:00:00Z")], "f"),
    ([("time_to", "2026-05-01T11:00:00+02:00")], "f"),
    ([("time_to", "2026-05-01T09:00:01Z")], "af"),
    ([("time_from", "2026-05-01T09:30:00Z"), ("time_to", "2026-05-01T10:00:01Z")], "abfg"),
    ([("time_from", "9998-12-31T23:59:59Z")], "f"),
    ([("task_id", "task")], "a"),
    ([("task_id", "task"), ("task_id", "other")], "ab"),
    ([("task_id", "none")], "cdefg"),
    ([("task_id", "none"), ("task_id", "other")], "bcdefg"),
    ([("task_id", "nobody")], ""),
    ([("task_id", "code")], ""),
    ([("time_code_id", "code")], "c"),
    ([("time_code_id", "none"), ("time_code_id", "code")], "abcdefg"),
    ([("work_type_id", "kind")], "d"),
    ([("work_type_id", "none")], "abcefg"),
    ([("tag", "home")], "ab"),
    ([("tag", "quiet"), ("tag", "cat")], "ag"),
    ([("tag", "home"), ("tag", "quiet"), ("tag_mode", "all")], "a"),
    ([("tag", "HOME")], ""),
    ([("running", "true")], "f"),
    ([("running", "false")], "abcdeg"),
    ([("locked", "true")], "c"),
    ([("locked", "false")], "abdefg"),
    ([("q", "été")], "d"),
    ([("q", "E\u0301T")], "d"),
    ([("q", "STRASSE 100%")], "e"),
    ([("q", "_")], ""),
    ([("trash", "true")], "x"),
    ([("trash", "true"), ("task_id", "task"), ("day_to", "2026-05-01"), ("running", "false")], "x"),
    ([("trash", "true"), ("running", "true")], ""),
    ([("day_to", "2026-05-01"), ("tag", "home"), ("task_id", "none"), ("task_id", "task")], "a"),
    ([("running", "true"), ("locked", "true")], ""),
    ([("running", "true"), ("day_from", "2026-05-01"), ("time_from", "2026-05-05T00:00:00Z")], "f"),
]


async def test_each_filter_finds_what_it_says(alice: httpx.AsyncClient, ids: Entry) -> None:
    names = ids | {"nobody": str(new_id())}
    for pairs, entries in ALONE:
        asked = [(name, names.get(value, value) if name.endswith("_id") else value) for name, value in pairs]
        assert await found(alice, *asked) == entries, pairs
        for sort in ("-created_at", "-day", "day", "-started_at", "updated_at", "duration"):
            assert "".join(sorted(await found(alice, *asked, sort=sort))) == entries, (pairs, sort)
    upper = [("task_id", ids["task"].upper())]
    assert await found(alice, *upper) == "a"


async def test_bob_finds_nothing_of_alices(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient, ids: Entry
) -> None:
    for pairs in ([], [("task_id", ids["task"])], [("task_id", "none")], [("running", "true")], [("q", "a")]):
        assert await found(bob, *pairs) == ""


async def test_a_timer_in_the_trash_is_found_there(alice: httpx.AsyncClient) -> None:
    for name in ("a", "b"):
        await alice.delete(at(await add(alice, description=name, started_at="2026-05-01T09:00:00Z")))
    await add(alice, description="c", started_at="2026-05-01T09:00:00Z")
    assert await found(alice, ("trash", "true"), ("running", "true")) == "ab"
    assert await found(alice, ("running", "true")) == "c"


async def order(client: httpx.AsyncClient, sort: str, **query: str) -> str:
    """The descriptions in an order, read three at a time."""
    [kind] = [kind for kind in KINDS if kind.where == ENTRIES]
    return "".join(entry["description"][0] for entry in await paged(client, kind, sort=sort, **query))


async def test_orders_go_on_over_pages_and_ties(alice: httpx.AsyncClient, ids: Entry) -> None:
    for sort, entries in (
        ("day", "abdfgce"),
        ("started_at", "fdabgec"),
        ("duration", "fgdcabe"),
    ):
        turned = await order(alice, f"-{sort}")
        assert await order(alice, sort) == turned[::-1]
        assert sorted(turned) == list("abcdefg")
        assert await order(alice, sort) == entries
    assert await order(alice, "-day", day_from="2026-05-01", day_to="2026-05-01") == "gfdba"
    assert await order(alice, "day", day_from="2026-05-02") == "ce"
    assert await order(alice, "-day", day_to="2026-05-01", tag="home") == "ba"


async def test_an_order_with_many_alike_holds_each_once(alice: httpx.AsyncClient) -> None:
    for name in "abcdefgh":
        await add(alice, description=name)
    for sort in ("day", "started_at", "duration"):
        assert await order(alice, sort) == "abcdefgh"
        assert await order(alice, f"-{sort}") == "hgfedcba"
        assert await order(alice, sort, day_from="2026-05-01", day_to="2026-05-01") == "abcdefgh"


REFUSED: list[tuple[str, tuple[str, str]]] = [
    ("colour=red", ("/colour", "unknown_field")),
    ("created_from=2026-05-01", ("/created_from", "unknown_field")),
    ("created_to=2026-05-01", ("/created_to", "unknown_field")),
    ("overlap=reject", ("/overlap", "unknown_field")),
    ("day_from=today", ("/day_from", "invalid")),
    ("day_from=2026-02-30", ("/day_from", "invalid")),
    ("day_from=20260501", ("/day_from", "invalid")),
    ("day_from=1969-12-31", ("/day_from", "invalid")),
    ("day_to=9999-01-01", ("/day_to", "invalid")),
    ("day_to=2026-05-01T09:00:00Z", ("/day_to", "invalid")),
    ("day_to=", ("/day_to", "invalid")),
    ("day_to=2026-05-01&day_to=2026-05-02", ("/day_to", "repeated")),
    ("time_from=2026-05-01", ("/time_from", "invalid")),
    ("time_from=2026-05-01T09:00:00", ("/time_from", "invalid")),
    ("time_from=2026-05-01T09:00:00+02:00", ("/time_from", "invalid")),
    ("time_from=1777626000", ("/time_from", "invalid")),
    ("time_from=1e9", ("/time_from", "invalid")),
    ("time_from=null", ("/time_from", "invalid")),
    ("time_from=", ("/time_from", "invalid")),
    ("time_to=1969-12-31T23:59:59Z", ("/time_to", "invalid")),
    ("time_to=9999-01-01T00:00:00Z", ("/time_to", "invalid")),
    ("time_to=0001-01-01T00:00:00%2B14:00", ("/time_to", "invalid")),
    ("task_id=7", ("/task_id", "invalid")),
    ("task_id=None", ("/task_id", "invalid")),
    ("task_id=none&task_id=", ("/task_id", "invalid")),
    ("time_code_id=00000000000000000000000000000000", ("/time_code_id", "invalid")),
    ("work_type_id=none%0A", ("/work_type_id", "invalid")),
    ("tag=", ("/tag/0", "invalid")),
    ("tag=" + "t" * 65, ("/tag/0", "invalid")),
    ("tag_mode=none", ("/tag_mode", "invalid")),
    ("running=perhaps", ("/running", "invalid")),
    ("locked=null", ("/locked", "invalid")),
    ("q=", ("/q", "invalid")),
    ("q=a%00b", ("/q", "invalid")),
    ("q=" + "q" * 201, ("/q", "invalid")),
    ("sort=description", ("/sort", "invalid")),
    ("sort=--day", ("/sort", "invalid")),
    ("limit=201", ("/limit", "invalid")),
]


async def test_what_the_list_cannot_be_asked_is_refused_with_its_place(alice: httpx.AsyncClient) -> None:
    for query, fault in REFUSED:
        answer = await alice.get(f"{ENTRIES}?{query}")
        assert (answer.status_code, fields_of(answer)) == (422, [fault]), query


async def test_a_reference_that_is_none_is_told_in_words(alice: httpx.AsyncClient) -> None:
    answer = await alice.get(ENTRIES, params={"task_id": "7"})
    assert answer.json()["errors"][0]["message"] == "Expected a UUID or none"


async def test_what_a_reference_may_be_is_told_as_clients_can_read_it(alice: httpx.AsyncClient) -> None:
    document = (await alice.get("/schema/openapi.json")).json()
    told = {each["name"]: each for each in document["paths"][ENTRIES]["get"]["parameters"]}
    for name in ("task_id", "time_code_id", "work_type_id"):
        # ECMA-262 has `$` for the end, and takes Python's `\Z` for the letter.
        pattern = told[name]["schema"]["items"]["pattern"]
        assert (pattern[0], pattern[-1], "\\" in pattern) == ("^", "$", False)
        assert all(re.search(pattern, text) for text in ("none", str(new_id()), str(new_id()).upper()))


async def test_what_is_filtered_has_a_tag_of_the_same_head(alice: httpx.AsyncClient, ids: Entry) -> None:
    queries: list[dict[str, Any]] = [
        {},
        {"day_from": "2026-05-02"},
        {"task_id": ids["task"], "total": "true"},
    ]
    for query in queries:
        answer = await alice.get(ENTRIES, params=query)
        copy = {"If-None-Match": answer.headers["etag"]}
        assert (await alice.get(ENTRIES, params=query, headers=copy)).status_code == 304
    [running] = (await alice.get(ENTRIES, params={"running": "true"})).json()["items"]
    await change(alice, running, duration_seconds=60)
    for query in queries:
        assert (await alice.get(ENTRIES, params=query, headers=copy)).status_code == 200


async def test_a_task_that_goes_to_the_trash_leaves_its_entries_to_be_found(
    alice: httpx.AsyncClient, ids: Entry
) -> None:
    await alice.delete(f"{API}/tasks/{ids['task']}")
    assert await found(alice, ("task_id", ids["task"])) == "a"
