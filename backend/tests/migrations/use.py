"""One person's use of everything that is served: so that every statement of the service runs once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from litestar import Litestar

from app.api import resources
from app.core.http.answers import API_PATH
from app.core.ids import new_id
from app.core.rows.purges import forget_answers, purge_trash
from tests.api.batch.calls import op
from tests.api.kinds import KINDS, Kind
from tests.service import client_of

DAYS = {"from": "2026-05-01", "to": "2026-05-31"}
UNITS = ("day", "week", "month", "task", "time_code", "work_type", "tag")


class User:
    """Alice, whose every request has to succeed."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.asked: set[tuple[str, str]] = set()
        """The methods and paths."""

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        answer = await self.client.request(method, path, **more)
        assert answer.is_success or answer.status_code == 304, f"{method} {path}: {answer.text}"
        self.asked.add((method.lower(), path))
        return answer


async def use_everything(app: Litestar) -> set[tuple[str, str]]:
    """Do all that one can do; gives the methods and paths of the requests."""
    async with client_of(app, "alice") as client:
        alice = User(client)
        for kind in KINDS:
            await _use_rows(alice, kind)
        await _use_settings(alice)
        await _use_timer(alice)
        await _use_batch(alice)
        await _read_on(alice)
    now = datetime.now(UTC) + timedelta(days=2)
    await purge_trash(app.state.database, resources(), now)
    await forget_answers(app.state.database, now)
    return alice.asked


async def _use_rows(alice: User, kind: Kind) -> None:
    again = {"Idempotency-Key": f"add-{kind.resource.name}"}
    row = (await alice.ask("POST", kind.where, json=kind.draft(), headers=again)).json()
    where, another = kind.at(row), f"{kind.where}/{new_id()}"
    tag = (await alice.ask("GET", where)).headers["ETag"]
    await alice.ask("PATCH", where, json={kind.text: "Another"}, headers={"If-Match": tag})
    await alice.ask("PATCH", where, json={"description": None})
    await alice.ask("PUT", where, json=kind.draft())
    await alice.ask("PUT", another, json=kind.draft())
    await alice.ask("DELETE", another)
    await alice.ask("POST", f"{another}/restore")
    await alice.ask("DELETE", another)
    for sort in kind.listing.sorts:
        await _use_list(alice, kind.where, sort=sort, limit=1)
    await alice.ask("GET", kind.where, params={"trash": "true"})
    await alice.ask("GET", kind.where, params={"q": "a", "total": "true"})


async def _use_list(alice: User, where: str, **query: Any) -> None:
    """The first page, the same where nothing has changed, and the page after."""
    page = await alice.ask("GET", where, params=query)
    await alice.ask("GET", where, params=query, headers={"If-None-Match": page.headers["ETag"]})
    if cursor := page.json()["next_cursor"]:
        await alice.ask("GET", where, params=query | {"cursor": cursor})


async def _use_settings(alice: User) -> None:
    where = f"{API_PATH}/config"
    for key, value in (("time_zone", "Europe/Berlin"), ("app.colour", {"dark": True})):
        await alice.ask("PUT", f"{where}/{key}", json={"value": value})
    await alice.ask("GET", f"{where}/app.colour")
    await alice.ask("DELETE", f"{where}/app.colour")
    await alice.ask("POST", f"{where}/app.colour/restore")
    await _use_list(alice, where, limit=1)


async def _use_timer(alice: User) -> None:
    where = f"{API_PATH}/time-entries"
    await alice.ask("POST", f"{where}/start", json={"description": "Login"})
    await alice.ask("POST", f"{where}/start", json={"description": "Mail"})
    await alice.ask("GET", f"{where}/current")
    stopped = (await alice.ask("POST", f"{where}/stop")).json()
    await alice.ask("POST", f"{where}/{stopped['id']}/restart")
    await alice.ask("POST", f"{where}/stop")


async def _use_batch(alice: User) -> None:
    task, entry = new_id(), KINDS_BY_TABLE["time_entries"].draft()
    operations = [
        op("create", "tasks", body={"id": str(task), "title": "Water", "completed": True}),
        op("create", "time_entries", body=entry | {"task_id": str(task), "locked": True}),
        op("patch", "tasks", id=str(task), body={"completed": False, "due_on": "2026-05-01"}),
        op("put", "config", key="week_start", body={"value": "monday"}),
    ]
    await alice.ask("POST", f"{API_PATH}/batch", json={"operations": operations})


async def _read_on(alice: User) -> None:
    for unit in UNITS:
        await alice.ask("GET", f"{API_PATH}/reports/time", params=DAYS | {"group": unit})
    await alice.ask("GET", f"{API_PATH}/reports/time.svg", params=DAYS)
    await alice.ask("GET", f"{API_PATH}/reports/tasks")
    tasks, entries = f"{API_PATH}/tasks", f"{API_PATH}/time-entries"
    for query in ({"completed": "false"}, {"tag": "home", "priority": "high"}, {"due": "today"}):
        await alice.ask("GET", tasks, params=query)
    await alice.ask("GET", tasks, params={"include": "tracked"})
    await alice.ask("GET", entries, params={"include": "names"})
    changes = await alice.ask("GET", f"{API_PATH}/changes", params={"limit": 2})
    await alice.ask("GET", f"{API_PATH}/changes", params={"since": changes.json()["next"]})
    await alice.ask("GET", "/health/db")


KINDS_BY_TABLE = {kind.resource.table.name: kind for kind in KINDS}
