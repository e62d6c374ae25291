"""Settings by every verb: put creates and replaces, the trash keeps, conditions hold, refusals are free."""

import httpx
import pytest

from app.models.config import KEY_MAX
from tests.api.config.calls import CONFIG, FREE, add, at, keys, put
from tests.api.tasks.calls import fields_of, instant, tag_of

LONGEST = "app." + "x" * (KEY_MAX - 4)
NO_SETTINGS = [
    "theme",
    "app.",
    "App.x",
    "app",
    "app.é",
    "app.a b",
    "app.a%00",
    "app.%F0%9F%98%80",
    LONGEST + "x",
]


async def test_put_creates_and_replaces(alice: httpx.AsyncClient) -> None:
    created = await put(alice, FREE, "dark")
    assert (created.status_code, created.headers["location"]) == (201, at(FREE))
    row = created.json()
    assert list(row) == ["key", "value", "seq", "updated_at", "deleted_at"]
    assert row == row | {"key": FREE, "value": "dark", "seq": 1, "deleted_at": None}
    replaced = await put(alice, FREE, ["light"])
    assert (replaced.status_code, "location" in replaced.headers) == (200, False)
    now = replaced.json()
    assert now == row | {"value": ["light"], "seq": 2, "updated_at": now["updated_at"]}
    assert instant(now["updated_at"]) > instant(row["updated_at"])


async def test_what_put_answers_is_what_get_answers(alice: httpx.AsyncClient) -> None:
    for _ in range(2):
        written = await put(alice, FREE, {"b": 1, "a": 2})
        read = await alice.get(at(FREE))
        assert (read.status_code, read.content) == (200, written.content)
        assert read.headers["etag"] == written.headers["etag"]
        assert read.headers["etag"].endswith(f'.{written.json()["seq"]}"')


async def test_a_good_copy_is_not_sent_again(alice: httpx.AsyncClient) -> None:
    await add(alice, FREE)
    for where in (at(FREE), CONFIG):
        copy = {"If-None-Match": await tag_of(alice, where)}
        answer = await alice.get(where, headers=copy)
        assert (answer.status_code, answer.content) == (304, b"")
        await put(alice, FREE, "dark")
        assert (await alice.get(where, headers=copy)).status_code == 200


async def test_create_only_creates_and_replaces_nothing(alice: httpx.AsyncClient) -> None:
    assert (await put(alice, FREE, 1, If_None_Match="*")).status_code == 201
    again = await put(alice, FREE, 2, If_None_Match="*")
    assert (again.status_code, again.json()["current"]["value"]) == (412, 1)
    assert again.headers["etag"] == await tag_of(alice, at(FREE))
    assert (await put(alice, FREE, 2, If_None_Match='"r0.1"')).status_code == 400


async def test_a_stale_tag_changes_nothing_and_learns_what_is(alice: httpx.AsyncClient) -> None:
    await add(alice, FREE)
    old = await tag_of(alice, at(FREE))
    now = (await put(alice, FREE, "light")).json()
    for request in (
        put(alice, FREE, "never", If_Match=old),
        alice.delete(at(FREE), headers={"If-Match": old}),
        alice.post(f"{at(FREE)}/restore", headers={"If-Match": old}),
    ):
        answer = await request
        assert (answer.status_code, answer.json()["current"]) == (412, now)
    fresh = await put(alice, FREE, "fresh", If_Match=await tag_of(alice, at(FREE)))
    assert (fresh.status_code, fresh.json()["seq"]) == (200, 3)
    assert (await put(alice, "app.other", 1, If_Match="*")).status_code == 412


async def test_what_is_deleted_lies_in_the_trash_and_comes_back_whole(alice: httpx.AsyncClient) -> None:
    row = await add(alice, FREE, {"a": [1.5]})
    assert [(await alice.delete(at(FREE))).status_code for _ in range(2)] == [204, 204]
    assert (await alice.get(at(FREE))).status_code == 404
    assert (await keys(alice), await keys(alice, trash="true")) == ([], [FREE])
    refused = await put(alice, FREE, "light")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_trash")
    [trashed] = (await alice.get(CONFIG, params={"trash": "true"})).json()["items"]
    assert trashed == row | {"seq": 2} | {name: trashed[name] for name in ("updated_at", "deleted_at")}
    assert trashed["deleted_at"] == trashed["updated_at"]
    restored = await alice.post(f"{at(FREE)}/restore")
    assert restored.status_code == 200
    assert restored.json() == row | {"seq": 3, "updated_at": restored.json()["updated_at"]}
    assert (await alice.post(f"{at(FREE)}/restore")).content == restored.content
    assert (await alice.get(at(FREE))).content == restored.content
    assert (await add(alice, "app.next"))["seq"] == 4


async def test_refused_writes_take_no_number(alice: httpx.AsyncClient) -> None:
    await add(alice, FREE)
    refused = [
        await put(alice, "theme", 1),
        await put(alice, "week_start", "someday"),
        await put(alice, FREE, 2, If_Match='"r0.9"'),
        await put(alice, "app.other", 2, If_Match='"r0.9"'),
        await put(alice, FREE, 2, If_None_Match="*"),
        await alice.put(at(FREE), json={}),
        await alice.delete(at("app.other")),
        await alice.delete(at("theme")),
        await alice.delete(at(FREE), headers={"If-Match": '"r0.9"'}),
        await alice.post(f"{at('app.other')}/restore"),
    ]
    assert [answer.status_code for answer in refused] == [422, 422, 412, 412, 412, 422, 404, 404, 412, 404]
    assert (await add(alice, "app.next"))["seq"] == 2


@pytest.mark.parametrize("key", NO_SETTINGS)
async def test_a_key_that_no_setting_can_have(alice: httpx.AsyncClient, key: str) -> None:
    answer = await put(alice, key, 1)
    assert (answer.status_code, fields_of(answer)) == (422, [("/key", "unknown_key")])
    for request in (alice.get(at(key)), alice.delete(at(key)), alice.post(f"{at(key)}/restore")):
        missing = await request
        assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert await keys(alice) == []


async def test_a_slash_is_no_part_of_a_key(alice: httpx.AsyncClient) -> None:
    for answer in (
        await put(alice, "app.a%2Fb", 1),
        await alice.get(at("app.a%2Fb")),
        await alice.delete(at("app.a/b")),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_every_key_of_the_pattern_is_taken(alice: httpx.AsyncClient) -> None:
    for key in (LONGEST, "app.0", "app.A-z_9.", "app...", "app.restore", "app.-"):
        answer = await put(alice, key, 1)
        assert (answer.status_code, answer.headers["location"]) == (201, at(key))
        assert (await alice.get(at(key))).content == answer.content


async def test_the_body_is_strict(alice: httpx.AsyncClient) -> None:
    for body, places in (
        ({}, [("/value", "required")]),
        ({"value": 1, "key": "app.x"}, [("/key", "unknown_field")]),
        ([1], [("", "invalid")]),
    ):
        answer = await alice.put(at(FREE), json=body)
        assert (answer.status_code, fields_of(answer)) == (422, places)
    plain = await alice.put(at(FREE), content=b'{"value":1}', headers={"Content-Type": "text/plain"})
    assert plain.status_code == 415


async def test_head_and_options_are_answered(alice: httpx.AsyncClient) -> None:
    await add(alice, FREE)
    for path, allowed in (
        (CONFIG, "GET, HEAD, OPTIONS"),
        (at(FREE), "DELETE, GET, HEAD, OPTIONS, PUT"),
        (f"{at(FREE)}/restore", "OPTIONS, POST"),
    ):
        assert (await alice.options(path)).headers["allow"] == allowed
        refused = await alice.patch(path, json={})
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert (await alice.head(at(FREE))).headers["etag"] == await tag_of(alice, at(FREE))
