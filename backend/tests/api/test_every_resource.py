"""What every kind of row promises, on both engines: verbs, trash, conditions, input, bytes, numbers."""

from typing import Any

import httpx
import msgspec
import pytest

from app.core.ids import new_id
from tests.api.kinds import KINDS, Kind, Row, id_of
from tests.api.tasks.calls import fields_of, id_at, tag_of

pytestmark = pytest.mark.parametrize("kind", KINDS, ids=id_of)

HARD = [
    "\u0001\u001f\u007f\"\\/'<&",
    "\u2028\ufeff\u202e",
    "😀👩‍🌾\U0010ffff",
    "e\u0301é",
    '{"a":[1e2]}',
    " a ",
]
JSON = {"Content-Type": "application/json"}


def kept(row: Row) -> Row:
    """What no write changes of a row."""
    return {name: row[name] for name in ("id", "created_at")}


def encoded(kind: Kind, body: bytes) -> bytes:
    """A row as msgspec writes what it reads."""
    return msgspec.json.encode(msgspec.json.decode(body, type=kind.resource.out))


async def next_number(client: httpx.AsyncClient, kind: Kind) -> int:
    """The number that their next write takes."""
    seq: int = (await kind.add(client))["seq"]
    return seq


async def test_a_new_row_is_answered_whole_with_its_place_and_its_tag(
    kind: Kind, alice: httpx.AsyncClient
) -> None:
    body = kind.draft()
    answer = await alice.post(kind.where, json=body)
    row = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, kind.at(row))
    assert row == row | body | {"seq": 1, "deleted_at": None}
    assert list(row) == list(kind.resource.columns)
    read = await alice.get(kind.at(row))
    assert (read.status_code, read.content) == (200, answer.content)
    assert read.headers["etag"] == answer.headers["etag"]


async def test_put_creates_and_replaces_and_creates_no_more(kind: Kind, alice: httpx.AsyncClient) -> None:
    where = f"{kind.where}/{new_id()}"
    created = await alice.put(where, json=kind.draft())
    assert (created.status_code, created.headers["location"]) == (201, where)
    body = kind.least
    replaced = await alice.put(where, json=body)
    assert (replaced.status_code, "location" in replaced.headers) == (200, False)
    settled = dict.fromkeys(kind.optional) | body | kept(created.json()) | {"seq": 2}
    assert replaced.json() == replaced.json() | settled
    again = await alice.put(where, json=kind.draft(), headers={"If-None-Match": "*"})
    assert (again.status_code, again.json()["current"]) == (412, replaced.json())


async def test_a_patch_touches_what_it_names_and_null_clears(kind: Kind, alice: httpx.AsyncClient) -> None:
    row = await kind.add(alice)
    changes = dict.fromkeys(kind.optional) | {kind.text: "Another"}
    answer = await alice.patch(kind.at(row), json=changes)
    changed = answer.json()
    assert changed == row | {
        **changes,
        "seq": 2,
        "updated_at": changed["updated_at"],
    }
    empty = (await alice.patch(kind.at(row), json={})).json()
    assert empty == changed | {"seq": 3, "updated_at": empty["updated_at"]}


async def test_a_stale_tag_changes_nothing_and_learns_what_is(kind: Kind, alice: httpx.AsyncClient) -> None:
    row = await kind.add(alice)
    old = await tag_of(alice, kind.at(row))
    now = (await alice.patch(kind.at(row), json={})).json()
    for method, body in (("PATCH", {}), ("PUT", kind.draft()), ("DELETE", None)):
        answer = await alice.request(method, kind.at(row), json=body, headers={"If-Match": old})
        assert (answer.status_code, answer.json()["current"]) == (412, now)
        assert answer.headers["etag"] == await tag_of(alice, kind.at(row))
    fresh = {"If-Match": await tag_of(alice, kind.at(row))}
    assert (await alice.put(kind.at(row), json=kind.draft(), headers=fresh)).status_code == 200


async def test_a_good_copy_is_not_sent_again(kind: Kind, alice: httpx.AsyncClient) -> None:
    row = await kind.add(alice)
    for where in (kind.at(row), kind.where):
        copy = {"If-None-Match": await tag_of(alice, where)}
        answer = await alice.get(where, headers=copy)
        assert (answer.status_code, answer.content) == (304, b"")
        await alice.patch(kind.at(row), json={})
        assert (await alice.get(where, headers=copy)).status_code == 200


async def test_what_is_deleted_lies_in_the_trash_and_comes_back_whole(
    kind: Kind, alice: httpx.AsyncClient
) -> None:
    row = await kind.add(alice)
    assert [(await alice.delete(kind.at(row))).status_code for _ in range(2)] == [204, 204]
    assert (await alice.get(kind.at(row))).status_code == 404
    assert (await alice.patch(kind.at(row), json={})).status_code == 404
    assert await kind.list(alice) == []
    [trashed] = await kind.list(alice, trash="true")
    assert trashed["deleted_at"] is not None
    for answer in (
        await alice.put(kind.at(row), json=kind.draft()),
        await alice.post(kind.where, json=kind.draft(id=row["id"])),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "in_trash")
    stale = await alice.post(f"{kind.at(row)}/restore", headers={"If-Match": '"r0.1"'})
    assert (stale.status_code, stale.json()["current"]) == (412, trashed)
    restored = await alice.post(f"{kind.at(row)}/restore")
    assert restored.status_code == 200
    assert restored.json() == row | {"seq": 3, "updated_at": restored.json()["updated_at"]}
    assert (await alice.post(f"{kind.at(row)}/restore")).content == restored.content
    assert await next_number(alice, kind) == 4


async def test_every_answer_has_the_bytes_that_msgspec_writes(kind: Kind, alice: httpx.AsyncClient) -> None:
    lists = [name for name, value in kind.example.items() if isinstance(value, list)]
    rows = []
    for text in HARD:
        fields = dict.fromkeys((kind.text, *kind.optional), text) | dict.fromkeys(lists, HARD)
        answer = await alice.post(kind.where, json=kind.draft(**fields))
        assert answer.status_code == 201, answer.text
        assert answer.json() == answer.json() | fields
        assert answer.content == encoded(kind, answer.content)
        rows.append(answer.content)
    page = (await alice.get(kind.where, params={"sort": "updated_at", "total": "true"})).content
    assert page == b'{"items":[%b],"next_cursor":null,"total":%d}' % (b",".join(rows), len(HARD))
    assert page == msgspec.json.encode(msgspec.json.decode(page, type=kind.page))
    where = kind.at(msgspec.json.decode(rows[0]))
    await alice.delete(where)
    restored = await alice.post(f"{where}/restore")
    stale = await alice.patch(where, json={}, headers={"If-Match": '"r0.1"'})
    assert restored.content == encoded(kind, restored.content) == (await alice.get(where)).content
    assert stale.content.endswith(b'"current":%b}' % restored.content)


def bad_bodies(kind: Kind) -> list[tuple[Any, list[tuple[str, str]]]]:
    """Bodies that every verb refuses, with the places that it points at."""
    empty: list[Any] = [None, ""] if kind.needs_text else []
    return [
        (kind.draft() | {"colour": "red"}, [("/colour", "unknown_field")]),
        (kind.draft() | {"user_id": "bob"}, [("/user_id", "unknown_field")]),
        (kind.draft() | {"seq": 7}, [("/seq", "unknown_field")]),
        (kind.draft() | {kind.text: 5}, [(f"/{kind.text}", "invalid")]),
        *((kind.draft() | {kind.text: text}, [(f"/{kind.text}", "invalid")]) for text in empty),
        (kind.draft() | {kind.text: "a\0b"}, [(f"/{kind.text}", "invalid")]),
        (kind.draft() | {kind.text: "x" * 5_001}, [(f"/{kind.text}", "invalid")]),
        ([], [("", "invalid")]),
    ]


async def test_bad_input_is_pointed_at_and_changes_nothing(kind: Kind, alice: httpx.AsyncClient) -> None:
    row = await kind.add(alice)
    for method, where in (("POST", kind.where), ("PUT", kind.at(row)), ("PATCH", kind.at(row))):
        for body, places in bad_bodies(kind):
            answer = await alice.request(method, where, json=body)
            assert (answer.status_code, fields_of(answer)) == (422, places), (method, body)
        for content, headers, status in ((b"{", JSON, 400), (b"{}", {"Content-Type": "text/plain"}, 415)):
            assert (
                await alice.request(method, where, content=content, headers=headers)
            ).status_code == status
    assert (await alice.get(kind.at(row))).json() == row


async def test_a_refused_write_takes_no_number(kind: Kind, alice: httpx.AsyncClient) -> None:
    row = await kind.add(alice)
    stale, missing = {"If-Match": '"r0.9"'}, f"{kind.where}/{id_at(1)}"
    refused = [
        await alice.post(kind.where, json=kind.draft(id=row["id"])),
        await alice.post(kind.where, json=kind.draft(id=id_at(1, version=4))),
        await alice.patch(kind.at(row), json={}, headers=stale),
        await alice.put(missing, json=kind.draft(), headers=stale),
        await alice.patch(missing, json={}),
        await alice.delete(missing),
        await alice.post(f"{missing}/restore"),
    ]
    assert [answer.status_code for answer in refused] == [409, 422, 412, 412, 404, 404, 404]
    assert await next_number(alice, kind) == 2


async def test_head_and_options_are_answered(kind: Kind, alice: httpx.AsyncClient) -> None:
    where = kind.at(await kind.add(alice))
    item, many = "DELETE, GET, HEAD, OPTIONS, PATCH, PUT", "GET, HEAD, OPTIONS, POST"
    for path, allowed in ((kind.where, many), (where, item), (f"{where}/restore", "OPTIONS, POST")):
        assert (await alice.options(path)).headers["allow"] == allowed
        refused = await alice.request("TRACE", path)
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    for path in (kind.where, where):
        read, head = await alice.get(path), await alice.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == read.headers["etag"]
