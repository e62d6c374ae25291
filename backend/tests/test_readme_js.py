"""The README's offline-first example: its very code under Node, against a real server on both engines."""

import asyncio
import json
import re
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar
from sqlalchemy import bindparam, delete

from app.models.base import table_of
from app.models.task import Task
from tests import test_readme as readme
from tests.api.changes.calls import load, set_head
from tests.api.tasks.calls import add
from tests.node import node
from tests.service import token_of

port = readme.port

Json = dict[str, Any]
LATE = 30.0
"""Far beyond what anything here takes."""
TASKS = table_of(Task)

TWO_DEVICES = """
import { Daybook, uuid7 } from "./daybook.mjs";

const { URL, PHONE, LAPTOP } = process.env;
const real = fetch;
const offline = new Set();
const answeredLate = new Map();
globalThis.fetch = async (url, options) => {
  const token = options.headers.Authorization.replace("Bearer ", "");
  if (offline.has(token)) throw new TypeError("fetch failed");
  const answer = await real(url, options);
  // What the phone writes is done by the server, whose first answer never arrives.
  const request = `${options.method} ${url}`;
  if (token === PHONE && options.method !== "GET" && !answeredLate.has(request)) {
    answeredLate.set(request, answer.status);
    if (options.method !== "POST") throw new DOMException("late", "TimeoutError");
    const alive = setInterval(() => {}, 1000); // Node would not wait for a time-out alone
    await new Promise((_, reject) => {
      options.signal.addEventListener("abort", () => reject(options.signal.reason));
    }).finally(() => clearInterval(alive));
  }
  if (token === PHONE && options.method !== "GET") told.repeated.push(answer.status);
  if (answer.headers.has("Idempotency-Replayed")) told.replayed.push(request);
  return answer;
};

const told = { refused: [], failed: [], repeated: [], replayed: [] };
let kept;
const device = (token, store) => new Daybook({
  url: URL,
  token: async () => token,
  save: async (changed) => { if (token === PHONE) kept = JSON.stringify(changed); },
  refused: ({ method, type, id }, { code }) => told.refused.push(`${method} ${type} ${id} ${code}`),
  failed: (error) => told.failed.push(error.name),
  patience: 4000,
  ...(store && { store }),
});
const [watered, packed, dropped, contested, bought] = Array.from({ length: 5 }, () => uuid7());

const laptop = device(LAPTOP);
for (const [id, title] of [[watered, "Water the plants"], [dropped, "Iron"], [contested, "Call Bob"]])
  await laptop.write("PUT", "tasks", id, { title });
await laptop.sync();
let phone = device(PHONE);
await phone.sync();

offline.add(PHONE);
await phone.write("PATCH", "tasks", watered, { priority: "high" });
await phone.write("PUT", "tasks", packed, { title: "Pack" });
await phone.write("PATCH", "tasks", packed, { title: "Pack the tent" });
await phone.write("DELETE", "tasks", dropped);
await phone.write("PATCH", "tasks", contested, { title: "Call Bob back" });
await phone.write("POST", "time_entries", "start", { description: "Packing", task_id: packed });
await phone.write("PUT", "config", "time_zone", { value: "Europe/Berlin" });
await phone.sync().catch((error) => told.failed.push(error.name));
const shown = phone.rows("tasks");

await laptop.write("PATCH", "tasks", watered, { title: "Water all plants" });
await laptop.write("DELETE", "tasks", contested);
await laptop.write("PUT", "tasks", bought, { title: "Buy rope" });
await laptop.sync();

phone = device(PHONE, JSON.parse(kept));
offline.delete(PHONE);
while (phone.store.queue.length) await phone.sync().catch((error) => told.failed.push(error.name));
await phone.sync();
await laptop.sync();
const ids = { watered, packed, dropped, contested, bought };
const late = [...answeredLate.values()];
console.log(JSON.stringify({ ids, shown, late, ...told, phone: phone.store, laptop: laptop.store }));
"""

LIVE = """
import { Daybook } from "./daybook.mjs";

const real = fetch;
let pulls = 0;
globalThis.fetch = (url, options) => {
  if (!url.endsWith("/stream")) pulls++;
  return real(url, options);
};
const stop = new AbortController();
process.stdin.on("end", () => stop.abort()).resume();
const phone = new Daybook({
  url: process.env.URL,
  token: async () => process.env.PHONE,
  save: async (store) => console.log(JSON.stringify({ ...store, pulls })),
  patience: 4000,
});
await phone.follow(stop.signal);
"""


def example() -> str:
    """The JavaScript that the README shows."""
    text = readme.README.read_text().split("\n## Sync a frontend\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"^```js\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(block)


@asynccontextmanager
async def running(driver: str, port: int, folder: Path) -> AsyncIterator[Process]:
    """Node with the example and a script that uses it; killed if it is still there at the end."""
    (folder / "daybook.mjs").write_text(example())
    (folder / "driver.mjs").write_text(driver)
    process = await asyncio.create_subprocess_exec(
        node(),
        folder / "driver.mjs",
        env={
            "URL": f"http://127.0.0.1:{port}/api/v1",
            "PHONE": token_of("alice", 800),
            "LAPTOP": token_of("alice", 850),
        },
        stdin=PIPE,
        stdout=PIPE,
        stderr=subprocess.STDOUT,
        limit=1 << 20,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def rows_of(client: httpx.AsyncClient) -> dict[str, Json]:
    """The server's live rows, by type and id."""
    rows: dict[str, Json] = {}
    for item in (await load(client))[0]:
        row = item["row"]
        if row["deleted_at"] is None:
            rows.setdefault(item["type"], {})[row.get("id") or row["key"]] = row
    return rows


def held(store: Json) -> dict[str, Json]:
    """A device's rows, without the types of which none is left."""
    return {type_: rows for type_, rows in store["rows"].items() if rows}


async def test_a_device_that_was_offline_pushes_what_it_wrote_once_and_both_end_alike(
    port: int, alice: httpx.AsyncClient, tmp_path: Path
) -> None:
    async with running(TWO_DEVICES, port, tmp_path) as process:
        async with asyncio.timeout(LATE):
            said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    told = json.loads(said)
    ids, shown = told["ids"], told["shown"]
    assert shown.keys() == {ids["watered"], ids["packed"], ids["contested"]}
    assert shown[ids["packed"]] == {"id": ids["packed"], "title": "Pack the tent"}
    assert (shown[ids["watered"]]["title"], shown[ids["watered"]]["priority"]) == ("Water the plants", "high")
    assert shown[ids["contested"]]["title"] == "Call Bob back"

    assert told["late"] == [200, 201, 200, 204, 404, 201, 201]
    assert told["repeated"] == [200, 412, 200, 204, 404, 201, 412]
    assert told["replayed"] == [f"POST http://127.0.0.1:{port}/api/v1/time-entries/start"]
    assert told["refused"] == [f"PATCH tasks {ids['contested']} not_found"]
    assert set(told["failed"]) == {"TypeError", "TimeoutError"}

    server = await rows_of(alice)
    assert held(told["phone"]) == held(told["laptop"]) == server
    assert told["phone"]["queue"] == told["laptop"]["queue"] == []
    assert {row["title"]: row["priority"] for row in server["tasks"].values()} == {
        "Water all plants": "high",
        "Pack the tent": "none",
        "Buy rope": "none",
    }
    assert [entry["description"] for entry in server["time_entries"].values()] == ["Packing"]
    assert server["config"]["time_zone"]["value"] == "Europe/Berlin"


async def kept_with(process: Process, title: str) -> Json:
    """What the device keeps, once it holds a task with this title."""
    assert process.stdout
    async with asyncio.timeout(LATE):
        while line := await process.stdout.readline():
            store: Json = json.loads(line)
            if title in [row["title"] for row in store["rows"].get("tasks", {}).values()]:
                return store
    raise AssertionError("the device has stopped")


async def test_a_device_that_follows_sees_changes_live_and_starts_over_when_its_cursor_is_gone(
    port: int, app: Litestar, alice: httpx.AsyncClient, tmp_path: Path
) -> None:
    lost = await add(alice, title="Before the backup")
    headers = {"Authorization": f"Bearer {token_of('alice')}"}
    url = f"http://127.0.0.1:{port}"
    async with (
        httpx.AsyncClient(base_url=url, headers=headers) as laptop,
        running(LIVE, port, tmp_path) as process,
    ):
        assert (await kept_with(process, "Before the backup"))["pulls"] == 1
        task = await add(laptop, title="Live: \u2028 é 🌱", description="id: 1\n\nevent: gone\r\n")
        store = await kept_with(process, task["title"])
        assert held(store) == await rows_of(alice)
        await laptop.delete(f"/api/v1/tasks/{task['id']}")
        await add(laptop, title="After it")
        store = await kept_with(process, "After it")
        assert task["id"] not in store["rows"]["tasks"]
        assert store["pulls"] == 1  # all else came by the stream

        # A backup is restored: the numbers count anew, and a row is not there any more.
        async with app.state.database.engine.begin() as connection:
            whose = (TASKS.c.user_id == bindparam("whose"), TASKS.c.id == bindparam("which"))
            await connection.execute(delete(TASKS).where(*whose), {"whose": "alice", "which": lost["id"]})
        await set_head(app, "alice", epoch="ffffffffffff")
        await add(laptop, title="In another epoch")
        store = await kept_with(process, "In another epoch")
        assert store["since"].startswith("ffffffffffff.")
        assert held(store) == await rows_of(alice)
        assert lost["id"] not in store["rows"]["tasks"]

        assert process.stdin
        process.stdin.close()
        async with asyncio.timeout(LATE):
            assert await process.wait() == 0
