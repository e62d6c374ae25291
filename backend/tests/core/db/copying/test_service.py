"""A service on the moved data: to its clients it is the same as before."""

import httpx
from litestar import Litestar

from app.core.db.copying.moving import move
from app.models import metadata
from tests.migrations.running import parsed
from tests.service import client_of, running, settings_for

API = "/api/v1"
TASK = {"title": "Wäsche 😀 \u0001", "tags": ["é", "\\n"], "due_at": "2027-01-01T09:00:00.000001Z"}
KEY = {"Idempotency-Key": "once"}


async def fill(alice: httpx.AsyncClient) -> tuple[httpx.Response, list[str]]:
    """Alice's data, and where it is found; first, the answer that was kept for her."""
    first = await alice.post(f"{API}/tasks", json=TASK, headers=KEY)
    task = first.json()["id"]
    trashed = (await alice.post(f"{API}/tasks", json={"title": "Gone"})).json()["id"]
    code = (await alice.post(f"{API}/time-codes", json={"code": "Acme", "name": "Acme"})).json()["id"]
    entry = {"started_at": "2026-05-01T09:00:00Z", "ended_at": "2026-05-01T10:00:00Z", "task_id": task}
    for path, body in (
        ("time-entries", {**entry, "time_zone": "Europe/Berlin", "time_code_id": code}),
        ("work-types", {"code": "R", "name": "Review"}),
        ("time-entries/start", {"description": "still going"}),
    ):
        (await alice.post(f"{API}/{path}", json=body)).raise_for_status()
    (await alice.put(f"{API}/config/app.numbers", json={"value": 1.5})).raise_for_status()
    (await alice.delete(f"{API}/tasks/{trashed}")).raise_for_status()
    lists = ("tasks", "tasks?trash=true", "time-codes", "work-types", "time-entries", "config", "changes")
    return first, [f"{API}/tasks/{task}", *(f"{API}/{name}" for name in lists)]


async def seen(alice: httpx.AsyncClient, paths: list[str]) -> list[tuple[int, bytes, str | None]]:
    answers = [await alice.get(path) for path in paths]
    return [(answer.status_code, answer.content, answer.headers.get("etag")) for answer in answers]


async def test_bytes_tags_cursors_and_kept_answers_stay(
    app: Litestar, alice: httpx.AsyncClient, database_url: str, target_url: str
) -> None:
    first, paths = await fill(alice)
    before = await seen(alice, paths)
    assert {status for status, _, _ in before} == {200}
    cursor = (await alice.get(f"{API}/changes")).json()["next"]
    await move(parsed(database_url), parsed(target_url), metadata)
    async with (
        running(settings_for(target_url, auto_migrate=False)) as moved,
        client_of(moved, "alice") as her,
    ):
        assert await seen(her, paths) == before
        tag = before[0][2] or ""
        assert (await her.get(paths[0], headers={"If-None-Match": tag})).status_code == 304
        assert (await her.get(f"{API}/changes", params={"since": cursor})).json()["items"] == []
        again = await her.post(f"{API}/tasks", json=TASK, headers=KEY)
        assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
        changed = await her.patch(paths[0], json={"title": "Done"}, headers={"If-Match": tag})
        assert changed.status_code == 200
        assert len((await her.get(f"{API}/changes", params={"since": cursor})).json()["items"]) == 1
