"""A stranger's setting does not exist, and every statement about settings is about one person."""

import json
from typing import Any

import httpx

from app.api.config.schemas import KNOWN
from tests.api.config.calls import CONFIG, FREE, add, at, keys, put
from tests.api.tasks.calls import tag_of
from tests.api.tasks.test_statements import assert_about, take
from tests.service import Statement


def told(answer: httpx.Response) -> tuple[int, Any]:
    """What an answer says, but for the request's own id."""
    body = json.loads(answer.content) if answer.content else {}
    return answer.status_code, {**body, "request_id": ""}


async def test_a_strangers_key_and_a_free_one_get_the_same_answer(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await add(alice, FREE)
    await add(alice, "app.old")
    await alice.delete(at("app.old"))
    for key in (FREE, "app.old"):
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/restore")):
            one, other = [told(await bob.request(method, at(k) + path)) for k in (key, "app.nobodys")]
            assert one == other
            assert one[0] == 404
    tag = await tag_of(alice, at(FREE))
    assert (await put(bob, FREE, 1, If_Match=tag)).status_code == 412
    assert "current" not in (await put(bob, FREE, 1, If_Match=tag)).json()


async def test_two_people_have_the_same_keys_and_see_their_own(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    hers = [await add(alice, FREE, "hers"), await add(alice, "time_zone", "Europe/Berlin")]
    his = await put(bob, FREE, "his")
    assert (his.status_code, his.json()["seq"]) == (201, 1)
    assert (await alice.delete(at("app.nobodys"))).status_code == 404
    assert (await bob.delete(at(FREE))).status_code == 204
    page = (await alice.get(CONFIG, params={"total": "true"})).json()
    assert (page["items"], page["total"]) == (hers, 2)
    assert (await keys(bob), await keys(bob, trash="true")) == ([], [FREE])
    for request in (nobody.get(CONFIG), nobody.get(at(FREE)), put(nobody, FREE, 1), nobody.delete(at(FREE))):
        assert (await request).status_code == 401


async def test_a_strangers_tag_and_cursor_lead_to_ones_own_settings_only(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    for client in (alice, bob):
        for key in ("app.a", "app.b"):
            await add(client, key)
    hers = await alice.get(CONFIG, params={"limit": "1"})
    copy = {"If-None-Match": hers.headers["etag"]}
    assert (await bob.get(CONFIG, params={"limit": "1"}, headers=copy)).status_code == 200
    his = await bob.get(CONFIG, params={"cursor": hers.json()["next_cursor"]})
    assert his.json()["items"] == [(await bob.get(at("app.b"))).json()]
    row_copy = {"If-None-Match": await tag_of(alice, at("app.a"))}
    assert (await bob.get(at("app.a"), headers=row_copy)).status_code == 200


async def test_reading_is_one_statement_and_writing_two(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    await add(alice, FREE)
    tag, list_tag = await tag_of(alice, at(FREE)), await tag_of(alice, CONFIG)
    take(statements)
    for request, ran in (
        (alice.get(at(FREE)), ["SELECT"]),
        (alice.get(at(FREE), headers={"If-None-Match": tag}), ["SELECT"]),
        (alice.get(CONFIG, params={"total": "true", "sort": "-updated_at"}), ["SELECT"]),
        (alice.get(CONFIG, headers={"If-None-Match": list_tag}), ["SELECT"]),
        (put(alice, FREE, 1, If_Match=tag), ["INSERT", "UPDATE"]),
        (put(alice, "app.new", 1), ["INSERT", "UPDATE", "SELECT", "INSERT"]),
        (put(alice, "app.newer", 1, If_None_Match="*"), ["INSERT", "SELECT", "INSERT"]),
        (alice.delete(at(FREE)), ["INSERT", "UPDATE"]),
        (alice.delete(at(FREE)), ["INSERT", "UPDATE", "SELECT", "UPDATE"]),
        (alice.post(f"{at(FREE)}/restore"), ["INSERT", "SELECT", "UPDATE"]),
    ):
        assert (await request).status_code < 400
        assert take(statements) == ran


async def test_refused_input_asks_nothing_of_the_database(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    for request in (
        put(alice, "theme", 1),
        put(alice, FREE, "a\0"),
        put(alice, FREE, 1, If_Match="malformed"),
        *(put(alice, key, []) for key in KNOWN),
        alice.get(at("theme")),
        alice.delete(at("theme")),
        alice.post(f"{at('theme')}/restore"),
    ):
        answer = await request
        assert answer.is_client_error
        assert take(statements) == [], answer.request


async def test_every_statement_is_about_one_person(
    alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    await add(alice, FREE)
    for request in (
        alice.get(at(FREE)),
        *(
            alice.get(CONFIG, params={"sort": sort, "total": "true"})
            for sort in ("key", "-key", "updated_at")
        ),
        alice.get(CONFIG, params={"trash": "true"}),
        put(alice, FREE, 1, If_Match='"r0.1", "r0.2"'),
        put(alice, FREE, 1),
        alice.delete(at(FREE)),
        alice.delete(at(FREE)),
        alice.post(f"{at(FREE)}/restore"),
    ):
        await request
    assert len(statements) > 15
    for statement, parameters in statements:
        assert_about(statement, parameters, "alice")
