"""Cursors: which go on, which are overtaken (410), and which are none (400)."""

import httpx
import pytest
from litestar import Litestar

from tests.api.changes.calls import CHANGES, add_one_of_each, changes, load, seqs, set_head
from tests.api.tasks.calls import add

OTHER_EPOCH = "ffffffffffff"


async def is_gone(client: httpx.AsyncClient, since: str) -> bool:
    """Whether a cursor of theirs is overtaken, told by the feed and by the stream alike."""
    answer = await client.get(CHANGES, params={"since": since})
    if answer.status_code == 200:
        return False
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    assert "without `since`" in answer.json()["detail"]
    stream = await client.get(f"{CHANGES}/stream", params={"since": since})
    assert (stream.status_code, stream.json()["code"]) == (410, "gone")
    return True


@pytest.mark.parametrize(
    "since",
    [
        *("", "0", "garbage", "0.0", "0.0.1", "0.1.0", "a.b.c", "-1.0.0", " 0.0.0", "0.00.0"),
        *("0123456789ab.1234567890123456789.0", "0123456789AB.1.0", "é.1.0", "0123456789ab.١.0"),
    ],
)
async def test_what_is_no_cursor_is_malformed(alice: httpx.AsyncClient, since: str) -> None:
    for path in (CHANGES, f"{CHANGES}/stream"):
        answer = await alice.get(path, params={"since": since})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_last_event_id_that_is_no_cursor_is_malformed(alice: httpx.AsyncClient) -> None:
    answer = await alice.get(f"{CHANGES}/stream", headers={"Last-Event-ID": "17"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_who_has_never_written_gets_a_cursor_that_goes_on(alice: httpx.AsyncClient) -> None:
    items, since = await load(alice)
    assert (items, since) == ([], "0.0.0")
    await add_one_of_each(alice)
    items, after = await load(alice, since)
    assert items == (await load(alice))[0]
    assert after.endswith(".0")
    assert await load(alice, after) == ([], after)


async def test_a_cursor_of_another_epoch_is_gone(app: Litestar, alice: httpx.AsyncClient) -> None:
    await add(alice)
    _, since = await load(alice)
    await set_head(app, "alice", epoch=OTHER_EPOCH)
    assert await is_gone(alice, since)
    assert seqs((await load(alice))[0]) == [1]


async def test_a_cursor_beyond_the_head_is_gone(app: Litestar, alice: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(alice)
    _, since = await load(alice)
    await set_head(app, "alice", seq=2)
    assert await is_gone(alice, since)


async def test_a_cursor_that_a_purge_has_overtaken_is_gone(app: Litestar, alice: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(alice)
    places = [(await changes(alice, limit=limit))["next"] for limit in (1, 2)]
    _, since = await load(alice)
    await set_head(app, "alice", seq=4, purged_seq=4)
    for place in (*places, since):
        assert await is_gone(alice, place)
    _, since = await load(alice)
    assert since.endswith(".4.4")
    assert not await is_gone(alice, since)


async def test_who_has_seen_the_purge_goes_on(app: Litestar, alice: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(alice)
    await set_head(app, "alice", seq=4, purged_seq=4)
    _, since = await load(alice)
    await add(alice)
    assert seqs((await load(alice, since))[0]) == [5]


async def test_a_load_that_began_after_the_purge_goes_on(app: Litestar, alice: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(alice)
    await set_head(app, "alice", seq=9, purged_seq=9)
    page = await changes(alice, limit=1)
    assert page["next"].endswith(".1.9")
    assert seqs((await load(alice, page["next"], limit=1))[0]) == [2, 3]


async def test_a_load_that_a_purge_overtakes_is_gone(app: Litestar, alice: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(alice)
    await set_head(app, "alice", seq=9, purged_seq=8)
    page = await changes(alice, limit=1)
    await set_head(app, "alice", purged_seq=9)
    assert await is_gone(alice, page["next"])


async def test_a_first_load_is_never_refused(app: Litestar, alice: httpx.AsyncClient) -> None:
    await add(alice)
    await set_head(app, "alice", seq=7, purged_seq=7)
    for since in ({}, {"since": "0.0.0"}):
        assert seqs((await changes(alice, **since))["items"]) == [1]


async def test_where_no_head_is_left_every_other_cursor_is_gone(
    app: Litestar, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await add(alice)
    _, since = await load(alice)
    assert await is_gone(bob, since)
    assert await load(bob) == ([], "0.0.0")
