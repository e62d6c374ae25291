"""Whoever writes what, goes offline and catches up: in the end each copy is the server's state."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.api import resources
from app.core.http.answers import API_PATH
from app.core.ids import new_id
from tests.api.changes.calls import changes, seqs
from tests.api.changes.live import listening

WRITES = 40
KEYS = {resource.table.name: resource.key for resource in resources()}
Row = dict[str, Any]


@dataclass
class Copy:
    """What one client holds, and where it stands: of some types, or of all."""

    types: list[str]
    limit: int
    since: str | None = None
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    def take(self, item: Row) -> None:
        """What a frontend does with a change: put the row in the place of the one before."""
        self.rows[item["type"], item["row"][KEYS[item["type"]]]] = item["row"]

    async def catch_up(self, client: httpx.AsyncClient) -> None:
        """All that there is, page by page: no number twice, none before where it stood."""
        seen = [0 if self.since is None else int(self.since.split(".")[1])]
        more = True
        while more:
            query = {"since": self.since} if self.since else {}
            page = await changes(client, limit=self.limit, types=self.types, **query)
            for item in page["items"]:
                self.take(item)
            seen += seqs(page["items"])
            self.since, more = page["next"], page["more"]
        assert all(one < after for one, after in pairwise(seen))


async def truth(client: httpx.AsyncClient) -> dict[tuple[str, str], Row]:
    """What the lists of the resources themselves say, live and in the trash."""
    found: dict[tuple[str, str], Row] = {}
    for resource in resources():
        for trash in ("false", "true"):
            query = {"limit": "200", "trash": trash}
            answer = (await client.get(API_PATH + resource.path, params=query)).json()
            assert answer["next_cursor"] is None
            found |= {(resource.table.name, row[resource.key]): row for row in answer["items"]}
    return found


async def write(client: httpx.AsyncClient, dice: Random, paths: list[str]) -> None:
    """Some write: a new row, or a change of one that somebody made, which may be in the trash by now."""
    path = dice.choice(paths) if paths else ""
    match dice.choice(["create", "create", "set", "patch", "delete", "delete", "restore"]):
        case "create":
            path = f"{API_PATH}/{dice.choice(['tasks', 'time-codes'])}/{new_id()}"
            body = {"title": "Water"} if "tasks" in path else {"code": path[-12:], "name": "Acme"}
            assert (await client.put(path, json=body)).status_code == 201
            paths.append(path)
        case "set":
            path = f"{API_PATH}/config/app.{dice.choice('abc')}"
            await client.post(f"{path}/restore")
            await client.put(path, json={"value": dice.random()})
            paths.append(path)
        case "patch" if path:
            await client.patch(path, json={"description": str(dice.random())})
        case "delete" if path:
            await client.delete(path)
        case "restore" if path:
            await client.post(f"{path}/restore")


async def writes(client: httpx.AsyncClient, dice: Random, paths: list[str]) -> None:
    for _ in range(WRITES):
        await write(client, dice, paths)
        await asyncio.sleep(dice.choice([0, 0, 0.002]))


async def follows(client: httpx.AsyncClient, copy: Copy, dice: Random, until: asyncio.Event) -> None:
    """Catches up now and then, and is offline in between."""
    while not until.is_set():
        await copy.catch_up(client)
        await asyncio.sleep(dice.random() / 10)
    await copy.catch_up(client)


async def listens(app: Litestar, copy: Copy, dice: Random, until: asyncio.Event) -> None:
    """Listens, loses the connection after a few events, and resumes from the last of them."""
    last = 0
    while not until.is_set():
        headers = {"Last-Event-ID": copy.since} if copy.since else {}
        async with listening(app, headers=headers) as (stream, _):
            for _ in range(dice.randint(1, 12)):
                waiting = asyncio.ensure_future(stream.event())
                over = asyncio.ensure_future(until.wait())
                await asyncio.wait({waiting, over}, return_when=asyncio.FIRST_COMPLETED)
                over.cancel()
                if not waiting.done():
                    waiting.cancel()
                    break
                if event := waiting.result():
                    assert event.data["row"]["seq"] > last
                    last = event.data["row"]["seq"]
                    copy.take(event.data)
                    copy.since = event.id


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_copy_ends_as_the_servers_state(
    app: Litestar, alice: httpx.AsyncClient, bob: httpx.AsyncClient, seed: int
) -> None:
    dice = Random(seed)  # noqa: S311 (dice, no secret)
    copies = [Copy([], 1), Copy([], 3), Copy([], 200), Copy(["tasks", "config"], 2), Copy(["time_codes"], 7)]
    live = Copy([], 100)
    quiet, paths, bobs = asyncio.Event(), list[str](), list[str]()
    followers = [asyncio.create_task(follows(alice, copy, dice, quiet)) for copy in copies]
    followers.append(asyncio.create_task(listens(app, live, dice, quiet)))
    await asyncio.gather(*(writes(alice, dice, paths) for _ in range(3)), writes(bob, dice, bobs))
    quiet.set()
    await asyncio.gather(*followers)
    await live.catch_up(alice)
    state = await truth(alice)
    assert len(state) > WRITES / 2
    assert any(row["deleted_at"] for row in state.values())
    for copy in (*copies, live):
        wanted = {key: row for key, row in state.items() if not copy.types or key[0] in copy.types}
        assert copy.rows == wanted
    numbers = sorted(row["seq"] for row in state.values())
    assert len(set(numbers)) == len(numbers)
    assert live.since == copies[0].since == (await changes(alice, limit=1000))["next"]
