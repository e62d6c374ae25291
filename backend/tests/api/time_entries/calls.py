"""What the tests of time entries say again and again."""

from typing import Any

import httpx
from litestar import Litestar
from sqlalchemy import text

from tests.api.tasks.calls import fields_of

API = "/api/v1"
ENTRIES = f"{API}/time-entries"
START, STOP, CURRENT = f"{ENTRIES}/start", f"{ENTRIES}/stop", f"{ENTRIES}/current"

Entry = dict[str, Any]
SHAPE = {"started_at", "ended_at", "duration_seconds"}


def at(entry: Entry) -> str:
    """Where an entry is."""
    return f"{ENTRIES}/{entry['id']}"


def clock(time: str, day: str = "2026-05-01") -> str:
    """An instant of a day in UTC, by its hours and minutes."""
    return f"{day}T{time}:00Z"


def between(start: str, end: str, day: str = "2026-05-01") -> Entry:
    """The instants of an interval on a day in UTC."""
    return {"started_at": clock(start, day), "ended_at": clock(end, day)}


async def add(client: httpx.AsyncClient, **fields: object) -> Entry:
    """A new entry of theirs: from nine to ten, unless its shape is given."""
    body = fields if SHAPE & fields.keys() else between("09:00", "10:00") | fields
    answer = await client.post(ENTRIES, json=body)
    assert answer.status_code == 201, answer.text
    entry: Entry = answer.json()
    return entry


async def change(client: httpx.AsyncClient, entry: Entry, **fields: object) -> Entry:
    """The entry after a patch."""
    answer = await client.patch(at(entry), json=fields)
    assert answer.status_code == 200, answer.text
    changed: Entry = answer.json()
    return changed


async def start(client: httpx.AsyncClient, **fields: object) -> Entry:
    """A timer of theirs, started now."""
    answer = await client.post(START, json=fields)
    assert answer.status_code == 201, answer.text
    entry: Entry = answer.json()
    return entry


async def make(client: httpx.AsyncClient, kind: str, **fields: object) -> str:
    """The id of a new task, code or type of theirs."""
    answer = await client.post(f"{API}/{kind}", json=fields)
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def prefer(client: httpx.AsyncClient, key: str, value: object) -> None:
    """Sets a setting of theirs."""
    assert (await client.put(f"{API}/config/{key}", json={"value": value})).is_success


async def everything(client: httpx.AsyncClient) -> list[Entry]:
    """All their live entries, the oldest first."""
    answer = await client.get(ENTRIES, params={"limit": "200", "sort": "created_at"})
    assert answer.status_code == 200, answer.text
    entries: list[Entry] = answer.json()["items"]
    return entries


async def numbers(app: Litestar, user_id: str = "alice") -> list[int]:
    """The numbers that their entries bear, in order, and at last the number of their head."""
    async with app.state.database.session(read_only=True) as session:
        connection = await session.connection()
        found = [
            (await connection.execute(text(query), {"user_id": user_id})).scalars().all()
            for query in (
                "SELECT seq FROM time_entries WHERE user_id = :user_id ORDER BY seq",
                "SELECT seq FROM change_heads WHERE user_id = :user_id",
            )
        ]
    return [*found[0], *found[1]]


def refusal(answer: httpx.Response) -> tuple[int, list[tuple[str, str]]]:
    """How it was refused, and for what."""
    return answer.status_code, fields_of(answer)


def shape(entry: Entry) -> tuple[Any, ...]:
    """Start, end, day and duration, each None where there is none."""
    return tuple(entry[name] for name in ("started_at", "ended_at", "entry_date", "duration_seconds"))
