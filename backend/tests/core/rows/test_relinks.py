"""Relinking, on both engines: all of one person's becomes another's, or nothing does."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from app.core.db.session import committed
from app.core.feed.notices import CHANNEL
from app.core.feed.wakes import digest_of
from app.core.ids import new_id
from app.core.operating import FailedError, RefusedError
from app.core.rows import relinks
from app.core.rows.relinks import Relink, plan_relink, relink
from app.models import metadata
from tests.core.db.databases import opened, run
from tests.core.db.test_verify import broken
from tests.core.db.test_verify_rows import wreck
from tests.core.rows.belongings import numbers, rows_of, without_numbers
from tests.migrations.running import look
from tests.models.rows import add_rows
from tests.service import client_of

API = "/api/v1"


async def moved(url: str, old: str, new: str, *, merge: bool = False) -> Relink:
    async with opened(url) as database:
        return await relink(database, metadata, old, new, merge=merge)


async def made(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(API + path, json=body)
    assert answer.status_code == 201, answer.text
    row: dict[str, Any] = answer.json()
    return row


@pytest.fixture
async def carol(app: Litestar) -> Any:
    async with client_of(app, "carol") as client:
        yield client


async def test_every_row_moves_as_it_is_with_numbers_in_the_old_order(database_url: str) -> None:
    await look(database_url, add_rows)
    hers, his = await rows_of(database_url, "alice"), await rows_of(database_url, "bob")
    done = await moved(database_url, "alice", "carol")
    assert done.rows == {name: len(rows) for name, rows in hers.items() if name != "change_heads"}
    now = await rows_of(database_url, "carol")
    assert without_numbers(now) == without_numbers(hers)
    assert numbers(now) == list(range(1, len(numbers(hers)) + 1))
    [head], [before] = now["change_heads"], hers["change_heads"]
    assert (head["seq"], head["purged_seq"]) == (len(numbers(hers)), 0)
    assert head["epoch"] != before["epoch"]
    assert await rows_of(database_url, "alice") == {}
    assert await rows_of(database_url, "bob") == his
    assert await broken(database_url) == {}


async def test_there_and_back_is_what_it_was(database_url: str) -> None:
    await look(database_url, add_rows)
    before = await rows_of(database_url, "alice")
    await moved(database_url, "alice", "carol")
    await moved(database_url, "carol", "alice")
    assert without_numbers(await rows_of(database_url, "alice")) == without_numbers(before)
    assert await rows_of(database_url, "carol") == {}


async def test_clients_of_either_name_start_over(
    alice: httpx.AsyncClient, carol: httpx.AsyncClient, database_url: str
) -> None:
    task = await made(alice, "/tasks", title="Water the plants")
    entry = await made(
        alice, "/time-entries", task_id=task["id"], entry_date="2026-05-01", duration_seconds=60
    )
    tag = (await alice.get(f"{API}/tasks/{task['id']}")).headers["ETag"]
    list_tag = (await alice.get(f"{API}/tasks")).headers["ETag"]
    cursor = (await alice.get(f"{API}/changes")).json()["next"]
    await moved(database_url, "alice", "carol")

    found = await carol.get(f"{API}/tasks/{task['id']}", headers={"If-None-Match": tag})
    assert found.json() == task | {"seq": 1}
    assert (await carol.get(f"{API}/time-entries/{entry['id']}")).json()["task_id"] == task["id"]
    refused = await carol.patch(f"{API}/tasks/{task['id']}", json={}, headers={"If-Match": tag})
    assert refused.status_code == 412
    assert (await carol.get(f"{API}/tasks", headers={"If-None-Match": list_tag})).status_code == 200
    told = (await carol.get(f"{API}/changes")).json()["items"]
    assert [item["row"]["id"] for item in told] == [task["id"], entry["id"]]

    for client in (alice, carol):
        assert (await client.get(f"{API}/changes", params={"since": cursor})).status_code == 410
    assert (await alice.get(f"{API}/tasks/{task['id']}")).status_code == 404
    assert (await alice.get(f"{API}/tasks", headers={"If-None-Match": list_tag})).json()["items"] == []
    assert (await alice.get(f"{API}/changes")).json()["items"] == []


async def test_the_old_name_can_begin_a_new_life(
    alice: httpx.AsyncClient, carol: httpx.AsyncClient, database_url: str
) -> None:
    await made(alice, "/tasks", title="Before")
    cursor = (await alice.get(f"{API}/changes")).json()["next"]
    await moved(database_url, "alice", "carol")
    after = await made(alice, "/tasks", title="After")
    assert after["seq"] == 1
    assert (await alice.get(f"{API}/changes", params={"since": cursor})).status_code == 410
    assert [row["title"] for row in (await alice.get(f"{API}/tasks")).json()["items"]] == ["After"]
    assert [row["title"] for row in (await carol.get(f"{API}/tasks")).json()["items"]] == ["Before"]


async def test_what_is_repeated_under_the_new_name_is_not_done_twice(
    alice: httpx.AsyncClient, carol: httpx.AsyncClient, database_url: str
) -> None:
    asked: dict[str, Any] = {"json": {"title": "Once"}, "headers": {"Idempotency-Key": "k1"}}
    first = await alice.post(f"{API}/tasks", **asked)
    await moved(database_url, "alice", "carol")
    again = await carol.post(f"{API}/tasks", **asked)
    assert (again.status_code, again.content) == (201, first.content)
    assert len((await carol.get(f"{API}/tasks")).json()["items"]) == 1


async def test_who_has_rows_is_merged_only_when_asked(
    alice: httpx.AsyncClient, carol: httpx.AsyncClient, database_url: str
) -> None:
    hers = await made(alice, "/tasks", title="Alice's")
    theirs = await made(carol, "/tasks", title="Carol's")
    for client, key, value in ((alice, "a", 1), (alice, "same", 1), (carol, "same", 1), (carol, "old", 1)):
        await client.put(f"{API}/config/app.{key}", json={"value": value})
    await carol.delete(f"{API}/config/app.old")
    await alice.put(f"{API}/config/app.old", json={"value": 2})
    cursor = (await carol.get(f"{API}/changes")).json()["next"]
    with pytest.raises(RefusedError, match="carol has rows of their own"):
        await moved(database_url, "alice", "carol")
    done = await moved(database_url, "alice", "carol", merge=True)
    assert (done.conflicts, done.merges) == ([], True)
    items = (await carol.get(f"{API}/tasks", params={"sort": "updated_at"})).json()["items"]
    assert [row["id"] for row in items] == [theirs["id"], hers["id"]]
    settings = (await carol.get(f"{API}/config")).json()["items"]
    assert {row["key"]: row["value"] for row in settings} == {"app.a": 1, "app.same": 1, "app.old": 2}
    assert (await carol.get(f"{API}/changes", params={"since": cursor})).status_code == 410
    assert await rows_of(database_url, "alice") == {}
    assert await broken(database_url) == {}


async def test_conflicts_are_named_and_nothing_is_changed(
    alice: httpx.AsyncClient, carol: httpx.AsyncClient, database_url: str
) -> None:
    id_ = str(new_id())
    for client, value in ((alice, 1), (carol, 2)):
        await client.put(f"{API}/tasks/{id_}", json={"title": "Both's"})
        await made(client, "/time-codes", code="acmé", name="Acme")
        await client.put(f"{API}/config/app.x", json={"value": value})
        started = await client.post(f"{API}/time-entries/start", json={})
        assert started.status_code == 201, started.text
    timer = (await alice.get(f"{API}/time-entries/current")).json()["id"]
    trashed = await made(alice, "/work-types", code="gone", name="Gone")
    await alice.delete(f"{API}/work-types/{trashed['id']}")
    await made(carol, "/work-types", code="gone", name="Not gone")
    before = await rows_of(database_url, "alice"), await rows_of(database_url, "carol")
    async with opened(database_url) as database:
        planned = await plan_relink(database, metadata, "alice", "carol", merge=True)
    done = await moved(database_url, "alice", "carol", merge=True)
    assert done == planned
    assert sorted(done.conflicts) == [
        "config: both have app.x, with different values",
        f"tasks: both have the id {id_}",
        "time_codes: both have the code_key acmé",
        f"time_entries: both have a row, of which one person may have one only: {timer}",
    ]
    assert (await rows_of(database_url, "alice"), await rows_of(database_url, "carol")) == before


async def test_of_many_conflicts_the_first_are_named(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.rows.relink_conflicts.SHOWN", 1)
    await look(database_url, add_rows)
    await moved(database_url, "bob", "carol")
    await wreck(database_url, [], "UPDATE config SET value = '1' WHERE user_id = 'carol'")
    done = await moved(database_url, "alice", "carol", merge=True)
    assert [line for line in done.conflicts if line.startswith("config")][1:] == [
        "config: both have … (more than 1: not all are listed), with different values"
    ]


async def test_writers_of_both_lose_nothing_meanwhile(
    alice: httpx.AsyncClient, carol: httpx.AsyncClient, database_url: str
) -> None:
    await made(alice, "/tasks", title="0")
    acknowledged: list[str] = []
    several = asyncio.Event()

    async def write(client: httpx.AsyncClient, name: str) -> None:
        for number in range(12):
            answer = await client.post(f"{API}/tasks", json={"title": f"{name} {number}"})
            assert answer.status_code == 201, answer.text
            acknowledged.append(answer.json()["id"])
            if len(acknowledged) == 8:
                several.set()

    async def move() -> None:
        await several.wait()
        assert (await moved(database_url, "alice", "carol", merge=True)).conflicts == []

    await asyncio.gather(*(write(client, name) for client, name in ((alice, "a"), (carol, "c"))), move())
    left, there = await rows_of(database_url, "alice"), await rows_of(database_url, "carol")
    kept = [str(row["id"]) for rows in (left, there) for row in rows.get("tasks", ())]
    assert len(kept) == len(set(kept)) == 1 + len(acknowledged)
    assert set(acknowledged) <= set(kept)
    assert await broken(database_url) == {}


async def test_it_gives_up_where_somebody_keeps_the_turn(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relinks, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(relinks, "TRIES", 2)
    await look(database_url, add_rows)
    before = await rows_of(database_url, "alice")
    short = {"db_command_timeout_seconds": 0.3, "db_pool_timeout_seconds": 0.3}
    said: list[str] = []
    async with (
        opened(database_url) as holder,
        opened(database_url, **short) as database,
        committed(holder) as session,
    ):
        await run(session, text("UPDATE change_heads SET seq = seq WHERE user_id = 'alice'"))
        with pytest.raises(FailedError, match="Nothing was changed"):
            await relink(database, metadata, "alice", "carol", progress=said.append)
    assert said == [f"others are writing; tried {time} of 2 times" for time in (1, 2)]
    assert await rows_of(database_url, "alice") == before


async def test_a_row_that_breaks_a_constraint_stops_it(database_url: str) -> None:
    await look(database_url, add_rows)
    if database_url.startswith("sqlite"):
        await wreck(database_url, [], "UPDATE tasks SET title = '' WHERE user_id = 'alice'")
    else:
        await wreck(database_url, [], "DELETE FROM tasks WHERE user_id = 'alice'")
    before = await rows_of(database_url, "alice")
    with pytest.raises(FailedError, match="a row breaks a constraint"):
        await moved(database_url, "alice", "carol")
    assert await rows_of(database_url, "alice") == before


async def test_other_processes_are_told(postgres_database_url: str) -> None:
    await look(postgres_database_url, add_rows)
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    connection = await asyncpg.connect(postgres_database_url)
    try:
        await connection.add_listener(CHANNEL, lambda *notice: heard.set_result(notice[-1]))
        await moved(postgres_database_url, "alice", "carol")
        assert set((await asyncio.wait_for(heard, 10)).split(",")) == {digest_of("alice"), digest_of("carol")}
    finally:
        await connection.close()


async def test_nothing_to_move(database_url: str) -> None:
    with pytest.raises(RefusedError, match="alice has no rows here"):
        await moved(database_url, "alice", "carol")
    assert await rows_of(database_url, "alice") == await rows_of(database_url, "carol") == {}
