"""The one number per person: taken by every write, by no refused one, and the tag of every list."""

import httpx
import pytest

from tests.api.tasks.calls import TASKS, add, at, id_at, tag_of

QUERIES = [
    {},
    {"trash": "true"},
    {"completed": "false", "sort": "title"},
    {"limit": "1", "total": "true"},
    {"due": "today", "tz": "Asia/Kathmandu"},
]


async def list_tag(client: httpx.AsyncClient, **query: str) -> str:
    return (await client.get(TASKS, params=query)).headers["etag"]


async def again(client: httpx.AsyncClient, tag: str, **query: str) -> httpx.Response:
    return await client.get(TASKS, params=query, headers={"If-None-Match": tag})


@pytest.mark.parametrize("query", QUERIES, ids=str)
async def test_a_list_that_did_not_change_is_not_sent_again(
    alice: httpx.AsyncClient, query: dict[str, str]
) -> None:
    await add(alice)
    await alice.get(TASKS)
    tag = await list_tag(alice, **query)
    for form in (tag, f"W/{tag}", f'"other", {tag}'):
        answer = await again(alice, form, **query)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


async def test_a_list_is_sent_again_after_any_write(alice: httpx.AsyncClient) -> None:
    tags = [await list_tag(alice)]
    task = await add(alice)
    tags.append(await list_tag(alice))
    for write in (
        alice.patch(at(task), json={}),
        alice.put(at(task), json={"title": "Water"}),
        alice.delete(at(task)),
        alice.post(f"{at(task)}/restore"),
    ):
        assert (await write).is_success
        answer = await again(alice, tags[-1])
        assert answer.status_code == 200
        tags.append(answer.headers["etag"])
    assert len(set(tags)) == len(tags)


async def test_the_tag_of_one_question_is_not_that_of_another(alice: httpx.AsyncClient) -> None:
    await add(alice)
    tag = await list_tag(alice, due="today", tz="Asia/Kathmandu")
    assert (await again(alice, tag, due="today", tz="Pacific/Kiritimati")).status_code == 200
    assert (await again(alice, tag)).status_code == 200


async def test_a_row_tag_and_a_far_number_name_no_list(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    tag = await list_tag(alice)
    far = tag.rsplit(".", 1)[0] + '.99999999999999999999"'
    for other in (await tag_of(alice, at(task)), far):
        assert (await again(alice, other)).status_code == 200


async def test_who_never_wrote_has_number_0(alice: httpx.AsyncClient) -> None:
    tag = await list_tag(alice)
    assert tag.endswith('.0.0"')
    assert (await again(alice, tag)).status_code == 304


async def test_writes_are_numbered_from_1_without_a_gap(alice: httpx.AsyncClient) -> None:
    task = await add(alice)
    answers = [
        await alice.patch(at(task), json={"title": "Water"}),
        await alice.put(at(task), json={"title": "Water"}),
        await alice.put(f"{TASKS}/{id_at(1)}", json={"title": "Water"}),
    ]
    await alice.delete(at(task))
    answers.append(await alice.post(f"{at(task)}/restore"))
    answers.append(await alice.post(TASKS, json={"title": "Water"}))
    assert [answer.json()["seq"] for answer in answers] == [2, 3, 4, 6, 7]


async def test_a_refused_write_takes_no_number(alice: httpx.AsyncClient) -> None:
    task = await add(alice, due_on="2026-05-01")
    stale, missing = {"If-Match": '"r0.9"'}, f"{TASKS}/{id_at(1)}"
    refused = [
        await alice.post(TASKS, json={"title": ""}),
        await alice.post(TASKS, json={"title": "Water", "id": task["id"]}),
        await alice.post(TASKS, json={"title": "Water", "id": id_at(1, version=4)}),
        await alice.patch(at(task), json={"title": "Water"}, headers=stale),
        await alice.patch(at(task), json={"due_at": "2026-05-01T12:00:00Z"}),
        await alice.patch(missing, json={"title": "Water"}),
        await alice.put(at(task), json={"title": "Water"}, headers=stale),
        await alice.put(missing, json={"title": "Water"}, headers=stale),
        await alice.put(at(task), json={"title": "Water"}, headers={"If-None-Match": "*"}),
        await alice.delete(at(task), headers=stale),
        await alice.delete(missing),
        await alice.post(f"{missing}/restore"),
    ]
    assert [answer.status_code for answer in refused] == [
        422,
        409,
        422,
        412,
        422,
        404,
        412,
        412,
        412,
        412,
        404,
        404,
    ]
    assert (await alice.get(at(task))).json() == task
    assert (await add(alice))["seq"] == 2
