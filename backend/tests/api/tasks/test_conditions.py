"""Entity tags and conditions of single tasks: what was read is what is changed, or nothing is."""

import re

import httpx
import pytest

from tests.api.tasks.calls import TASKS, add, at, tag_of, titles

MISSING = f"{TASKS}/01890a5d-ac96-774b-bcce-b302099a8057"
CHANGES = [("PUT", {"title": "Pay the rent"}), ("PATCH", {"title": "Pay the rent"}), ("DELETE", None)]
OTHER_TAGS = [
    '"r{epoch}.1"',
    '"r{epoch}.02"',
    '"r{epoch}.1", "r{epoch}.3"',
    '"r{epoch}.999999999999999999"',
    '"r{epoch}.9223372036854775808"',
    '"r{epoch}.99999999999999999999999999"',
    '"r000000000000.2"',
    'W/"r{epoch}.2"',
    '"l0.{epoch}.2"',
    '"*"',
    '""',
]
MALFORMED = ["r1.1", '"r1.1', '"r1.1" "r1.2"', 'w/"r1.1"', '*, "r1.1"', ",", '"a b"', ""]


@pytest.fixture(params=CHANGES, ids=[method for method, _ in CHANGES])
def change(request: pytest.FixtureRequest) -> tuple[str, dict[str, str] | None]:
    """Each verb that changes a task on a condition, with a body."""
    method_and_body: tuple[str, dict[str, str] | None] = request.param
    return method_and_body


async def changed(
    client: httpx.AsyncClient, where: str, change: tuple[str, dict[str, str] | None], if_match: str
) -> httpx.Response:
    """The answer to a change on a condition."""
    method, body = change
    return await client.request(method, where, json=body, headers={"If-Match": if_match})


async def seq_now(client: httpx.AsyncClient) -> int:
    """The last number that was given out."""
    tag = (await client.get(TASKS)).headers["etag"]
    return int(tag.strip('"').rsplit(".", 1)[1])


async def test_a_tag_names_the_epoch_and_the_number(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    tag = await tag_of(alice, at(task))
    assert re.fullmatch(rf'"r[0-9a-f]{{12}}\.{task["seq"]}"', tag)
    again = (await alice.patch(at(task), json={})).headers["etag"]
    assert again == tag.replace(".1", ".2")


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', ', {} ,, "other",', "*"])
async def test_a_copy_that_is_still_good_is_not_sent_again(alice: httpx.AsyncClient, form: str) -> None:
    where = at(await add(alice))
    tag = await tag_of(alice, where)
    answer = await alice.get(where, headers={"If-None-Match": form.format(tag)})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


async def test_an_old_copy_is_replaced(alice: httpx.AsyncClient) -> None:
    where = at(await add(alice))
    tag = await tag_of(alice, where)
    await alice.patch(where, json={"title": "Water"})
    answer = await alice.get(where, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json()["title"]) == (200, "Water")


@pytest.mark.parametrize("form", ["{}", "  {}  ", '"other",{}', '{}, "r0.1"', ",{},", "*"])
async def test_a_change_goes_through_where_the_tag_is_the_tasks(
    alice: httpx.AsyncClient, change: tuple[str, dict[str, str] | None], form: str
) -> None:
    where = at(await add(alice))
    answer = await changed(alice, where, change, form.format(await tag_of(alice, where)))
    assert answer.is_success, answer.text
    assert await seq_now(alice) == 2


async def test_a_change_is_refused_where_the_tag_is_not_the_tasks(
    alice: httpx.AsyncClient, change: tuple[str, dict[str, str] | None]
) -> None:
    where = at(await add(alice))
    now = await alice.patch(where, json={"title": "Water"})
    epoch = now.headers["etag"].strip('"r').split(".")[0]
    for form in OTHER_TAGS:
        answer = await changed(alice, where, change, form.format(epoch=epoch))
        assert (answer.status_code, answer.json()["code"]) == (412, "stale"), form
        assert answer.headers["etag"] == now.headers["etag"]
        assert answer.json()["current"] == now.json()
    assert await seq_now(alice) == 2


async def test_a_malformed_condition_is_a_malformed_request(
    alice: httpx.AsyncClient, change: tuple[str, dict[str, str] | None]
) -> None:
    where = at(await add(alice))
    for malformed in MALFORMED:
        answer = await changed(alice, where, change, malformed)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), malformed
        read = await alice.get(where, headers={"If-None-Match": malformed})
        assert (read.status_code, read.json()["code"]) == (400, "malformed"), malformed
    assert await seq_now(alice) == 1


async def test_several_header_lines_are_one_list(alice: httpx.AsyncClient) -> None:
    where = at(await add(alice))
    lines = [("If-Match", '"other"'), ("If-Match", await tag_of(alice, where))]
    assert (await alice.patch(where, json={}, headers=lines)).status_code == 200


@pytest.mark.parametrize("condition", ["*", '"r000000000000.1"'])
async def test_a_condition_on_what_is_missing_never_holds(alice: httpx.AsyncClient, condition: str) -> None:
    headers = {"If-Match": condition}
    put = await alice.put(MISSING, json={"title": "Water"}, headers=headers)
    assert (put.status_code, put.json()["code"]) == (412, "stale")
    assert "current" not in put.json()
    assert "etag" not in put.headers
    assert (await alice.patch(MISSING, json={}, headers=headers)).status_code == 404
    assert (await alice.delete(MISSING, headers=headers)).status_code == 404
    assert await titles(alice) == []


async def test_create_only_creates_and_does_not_replace(alice: httpx.AsyncClient) -> None:
    headers = {"If-None-Match": "*"}
    created = await alice.put(MISSING, json={"title": "Water"}, headers=headers)
    assert created.status_code == 201
    refused = await alice.put(MISSING, json={"title": "Pay the rent"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (412, "stale")
    assert refused.json()["current"] == created.json()
    assert (await alice.get(MISSING)).json() == created.json()


async def test_create_only_takes_no_tags(alice: httpx.AsyncClient) -> None:
    for tag in ('"r0.1"', '"*"'):
        answer = await alice.put(MISSING, json={"title": "Water"}, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
