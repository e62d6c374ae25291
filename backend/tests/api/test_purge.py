"""Purging, on both engines: what goes, what stays, who is told, and that nothing is half done."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from app.api import resources
from app.core.ids import new_id
from app.core.rows import purges
from app.core.rows.purges import BATCH, TRIES, Purged, forget_answers, purge_trash
from tests.core.http.chances import before, chance, raising
from tests.service import Statement

API = "/api/v1"
Row = dict[str, Any]


@pytest.fixture
async def later() -> datetime:
    """A moment from which all that is in the trash now looks old."""
    return datetime.now(UTC) + timedelta(minutes=1)


@pytest.fixture
async def purge(app: Litestar, later: datetime) -> Any:
    """Purges what is in the trash by then."""

    async def run(before: datetime = later) -> dict[tuple[str, str], int]:
        purged = await purge_trash(app.state.database, resources(), before)
        return {(each.user_id, each.table): each.rows for each in purged}

    return run


async def made(client: httpx.AsyncClient, path: str, **body: Any) -> Row:
    answer = await client.post(API + path, json=body)
    assert answer.status_code == 201, answer.text
    row: Row = answer.json()
    return row


async def trashed(client: httpx.AsyncClient, path: str, **body: Any) -> Row:
    row = await made(client, path, **body)
    assert (await client.delete(f"{API}{path}/{row['id']}")).status_code == 204
    return row


async def changes(client: httpx.AsyncClient, **query: Any) -> httpx.Response:
    return await client.get(f"{API}/changes", params=query)


async def test_what_is_old_in_the_trash_goes_and_the_rest_stays(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient, purge: Any
) -> None:
    live = await made(alice, "/tasks", title="live")
    for client in (alice, bob):
        await trashed(client, "/tasks", title="old")
    await trashed(alice, "/time-codes", code="A", name="a")
    await alice.put(f"{API}/config/app.x", json={"value": 1})
    await alice.delete(f"{API}/config/app.x")
    assert await purge(datetime.now(UTC) - timedelta(days=1)) == {}
    assert await purge() == {
        ("alice", "config"): 1,
        ("alice", "tasks"): 1,
        ("bob", "tasks"): 1,
        ("alice", "time_codes"): 1,
    }
    assert (await alice.get(f"{API}/tasks", params={"trash": "true"})).json()["items"] == []
    assert [row["id"] for row in (await alice.get(f"{API}/tasks")).json()["items"]] == [live["id"]]
    assert await purge() == {}


async def test_entries_of_a_purged_task_lose_it_each_with_a_number_of_its_own(
    alice: httpx.AsyncClient, purge: Any
) -> None:
    task = await made(alice, "/tasks", title="old")
    entries = [await made(alice, "/time-entries", duration_seconds=60, task_id=task["id"]) for _ in range(3)]
    await alice.patch(f"{API}/time-entries/{entries[0]['id']}", json={"locked": True})
    await alice.delete(f"{API}/tasks/{task['id']}")
    cursor = (await changes(alice)).json()["next"]
    head = int(cursor.split(".")[1])
    assert await purge() == {("alice", "tasks"): 1}
    told = (await changes(alice, since=cursor)).json()
    assert [item["row"]["id"] for item in told["items"]] == sorted(entry["id"] for entry in entries)
    assert [item["row"]["seq"] for item in told["items"]] == [head + 2, head + 3, head + 4]
    assert {item["row"]["task_id"] for item in told["items"]} == {None}


async def test_codes_and_types_in_use_stay_until_nothing_needs_them(
    alice: httpx.AsyncClient, purge: Any
) -> None:
    code = await made(alice, "/time-codes", code="A", name="a")
    kind = await made(alice, "/work-types", code="A", name="a")
    entry = await made(
        alice, "/time-entries", duration_seconds=60, time_code_id=code["id"], work_type_id=kind["id"]
    )
    for path, row in (("/time-codes", code), ("/work-types", kind)):
        await alice.delete(f"{API}{path}/{row['id']}")
    assert await purge() == {}
    await alice.delete(f"{API}/time-entries/{entry['id']}")
    assert await purge() == {
        ("alice", "time_entries"): 1,
        ("alice", "time_codes"): 1,
        ("alice", "work_types"): 1,
    }


async def test_who_has_not_heard_of_a_row_that_is_gone_starts_over_and_who_has_goes_on(
    alice: httpx.AsyncClient, purge: Any
) -> None:
    await made(alice, "/tasks", title="live")
    before = (await changes(alice)).json()["next"]
    await trashed(alice, "/tasks", title="old")
    after = (await changes(alice)).json()["next"]
    tag = (await alice.get(f"{API}/tasks", params={"trash": "true"})).headers["etag"]
    await purge()
    gone = await changes(alice, since=before)
    assert (gone.status_code, gone.json()["code"]) == (410, "gone")
    assert (await changes(alice, since=after)).json()["items"] == []
    fresh = await changes(alice)
    assert [item["row"]["title"] for item in fresh.json()["items"]] == ["live"]
    assert (await changes(alice, since=fresh.json()["next"])).status_code == 200
    same = await alice.get(f"{API}/tasks", params={"trash": "true"}, headers={"If-None-Match": tag})
    assert same.status_code == 200


async def test_a_load_that_a_purge_overtakes_starts_over(alice: httpx.AsyncClient, purge: Any) -> None:
    for number in range(3):
        await made(alice, "/tasks", title=str(number))
    await trashed(alice, "/tasks", title="old")
    begun = (await changes(alice, limit=1)).json()
    assert begun["more"] is True
    await purge()
    assert (await changes(alice, since=begun["next"], limit=1)).status_code == 410


async def test_what_comes_back_in_time_stays(alice: httpx.AsyncClient, purge: Any) -> None:
    rows = [await trashed(alice, "/tasks", title=str(number)) for number in range(10)]
    back = asyncio.gather(*(alice.post(f"{API}/tasks/{row['id']}/restore") for row in rows))
    removed, answers = await asyncio.gather(purge(), back)
    restored = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 404}
    assert removed.get(("alice", "tasks"), 0) + len(restored) == len(rows)
    assert len((await alice.get(f"{API}/tasks")).json()["items"]) == len(restored)


async def test_many_rows_go_in_batches(alice: httpx.AsyncClient, purge: Any, app: Litestar) -> None:
    count = BATCH + 7
    ids = [str(new_id()) for _ in range(count)]
    for start in range(0, count, 250):
        part = ids[start : start + 250]
        create = [{"op": "create", "type": "tasks", "body": {"id": id_, "title": "x"}} for id_ in part]
        remove = [{"op": "delete", "type": "tasks", "id": id_} for id_ in part]
        answer = await alice.post(f"{API}/batch", json={"operations": create + remove})
        assert answer.status_code == 200, answer.text
    assert await purge() == {("alice", "tasks"): count}
    async with app.state.database.session(read_only=True) as session:
        left = await (await session.connection()).scalar(text("SELECT count(*) FROM tasks"))
    assert left == 0


async def test_a_transaction_releases_no_more_than_a_batch(
    alice: httpx.AsyncClient, purge: Any, statements: list[Statement], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purges, "BATCH", 4)
    counts = [1, 2, 6, 0, 3]
    tasks = [await made(alice, "/tasks", title="old") for _ in counts]
    for task, count in zip(tasks, counts, strict=True):
        for _ in range(count):
            await made(alice, "/time-entries", duration_seconds=60, task_id=task["id"])
        await alice.delete(f"{API}/tasks/{task['id']}")
    cursor = (await changes(alice)).json()["next"]
    statements.clear()
    assert await purge() == {("alice", "tasks"): len(tasks)}
    cleared = [values for statement, values in statements if statement.startswith("UPDATE time_entries")]
    assert [len(values) for values in cleared] == [3, 6, 3]
    told = (await changes(alice, since=cursor)).json()["items"]
    assert len({item["row"]["seq"] for item in told}) == sum(counts)
    assert {item["row"]["task_id"] for item in told} == {None}


@pytest.mark.parametrize("times", [1, TRIES])
async def test_who_is_busy_holds_up_nobody_else(
    app: Litestar,
    alice: httpx.AsyncClient,
    bob: httpx.AsyncClient,
    later: datetime,
    engine_name: str,
    times: int,
) -> None:
    for client in (alice, bob):
        await trashed(client, "/tasks", title="old")
    with before(app, "INSERT INTO change_heads", raising(chance(engine_name)), times):
        found = await purge_trash(app.state.database, resources(), later)
    hers = Purged("alice", "tasks", 0, is_left=True) if times == TRIES else Purged("alice", "tasks", 1)
    assert found == [hers, Purged("bob", "tasks", 1)]
    again = await purge_trash(app.state.database, resources(), later)
    assert sum(purged.rows for purged in found + again) == 2


async def test_each_statement_but_the_search_for_people_is_about_one(
    alice: httpx.AsyncClient, purge: Any, statements: list[Statement]
) -> None:
    task = await made(alice, "/tasks", title="old")
    await made(alice, "/time-entries", duration_seconds=60, task_id=task["id"])
    await alice.delete(f"{API}/tasks/{task['id']}")
    statements.clear()
    await purge()
    others = [statement for statement, _ in statements if "DISTINCT" not in statement]
    assert len(others) == 7
    assert all("user_id" in statement for statement in others)


async def test_answers_that_are_kept_no_more_are_forgotten(
    alice: httpx.AsyncClient, app: Litestar, engine_name: str
) -> None:
    body = {"title": "once"}
    first = await alice.post(f"{API}/tasks", json=body, headers={"Idempotency-Key": "k"})
    now = datetime.now(UTC)
    assert await forget_answers(app.state.database, now) == []
    with before(app, "DELETE FROM idempotency_keys", raising(chance(engine_name)), 1):
        assert await forget_answers(app.state.database, now + timedelta(hours=25)) == [
            Purged("alice", "idempotency_keys", 0, is_left=True)
        ]
    assert await forget_answers(app.state.database, now + timedelta(hours=25)) == [
        Purged("alice", "idempotency_keys", 1)
    ]
    second = await alice.post(f"{API}/tasks", json=body, headers={"Idempotency-Key": "k"})
    assert second.json()["id"] != first.json()["id"]
