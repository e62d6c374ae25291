"""Many settings written at once: none lost, none doubled, the numbers without a gap."""

import httpx

from tests.api.config.calls import CONFIG, FREE, add, at, keys, put
from tests.api.tasks.calls import tag_of
from tests.api.tasks.test_concurrency import at_once, statuses


async def test_of_twenty_puts_of_one_key_one_creates_and_the_last_stays(alice: httpx.AsyncClient) -> None:
    answers = await at_once(put(alice, FREE, n) for n in range(20))
    assert statuses(answers) == {201: 1, 200: 19}
    rows = sorted((answer.json() for answer in answers), key=lambda row: row["seq"])
    assert [row["seq"] for row in rows] == list(range(1, 21))
    assert {row["value"] for row in rows} == set(range(20))
    assert (await alice.get(at(FREE))).json() == rows[-1]
    assert (await add(alice, "app.next"))["seq"] == 21


async def test_twenty_puts_of_twenty_keys_are_all_kept(alice: httpx.AsyncClient) -> None:
    answers = await at_once(put(alice, f"app.{n:02}", n) for n in range(20))
    assert statuses(answers) == {201: 20}
    assert sorted(answer.json()["seq"] for answer in answers) == list(range(1, 21))
    assert await keys(alice) == [f"app.{n:02}" for n in range(20)]


async def test_of_twenty_create_only_puts_one_creates(alice: httpx.AsyncClient) -> None:
    answers = await at_once(put(alice, FREE, n, If_None_Match="*") for n in range(20))
    assert statuses(answers) == {201: 1, 412: 19}
    [won] = [answer.json() for answer in answers if answer.is_success]
    assert all(answer.json()["current"] == won for answer in answers if answer.status_code == 412)
    assert (await add(alice, "app.next"))["seq"] == 2


async def test_of_twenty_puts_with_one_tag_one_wins(alice: httpx.AsyncClient) -> None:
    await add(alice, FREE)
    tag = await tag_of(alice, at(FREE))
    answers = await at_once(put(alice, FREE, n, If_Match=tag) for n in range(20))
    assert statuses(answers) == {200: 1, 412: 19}
    [won] = [answer.json() for answer in answers if answer.is_success]
    assert (await alice.get(at(FREE))).json() == won


async def test_writes_and_deletes_at_once_are_numbered_without_a_gap(alice: httpx.AsyncClient) -> None:
    await add(alice, FREE)
    kinds = [
        lambda: put(alice, FREE, "light"),
        lambda: alice.delete(at(FREE)),
        lambda: alice.post(f"{at(FREE)}/restore"),
        lambda: put(alice, "app.other", "light"),
    ]
    answers = await at_once(kinds[n % len(kinds)]() for n in range(40))
    assert set(statuses(answers)) <= {200, 201, 204, 409}
    settings = [
        (await alice.get(CONFIG, params={"trash": trash})).json()["items"] for trash in ("true", "false")
    ]
    last = max(row["seq"] for rows in settings for row in rows)
    assert (await add(alice, "app.next"))["seq"] == last + 1


async def test_two_people_write_at_once_and_count_apart(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    answers = await at_once(put((alice, bob)[n % 2], FREE, n) for n in range(40))
    assert statuses(answers) == {201: 2, 200: 38}
    for theirs in (answers[::2], answers[1::2]):
        assert sorted(answer.json()["seq"] for answer in theirs) == list(range(1, 21))
