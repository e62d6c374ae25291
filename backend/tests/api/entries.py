"""Time entries as the service keeps them, for the tests of what adds them up."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import httpx
from litestar import Litestar

from app.core.rows.turns import take_turn
from app.models.time_entry import TimeEntry

DAY = date(2026, 5, 4)


def hour(text: str) -> datetime:
    """A time of that day in UTC, or another instant."""
    return datetime.fromisoformat(text if "T" in text else f"{DAY}T{text}+00:00")


async def book(app: Litestar, user_id: str, task: dict[str, Any] | None = None, **columns: Any) -> TimeEntry:
    """A new entry of theirs: an interval, a running timer (no `ended_at`), or a duration on a day."""
    started, ended = columns.get("started_at"), columns.get("ended_at")
    if started and ended:
        columns.setdefault("duration_seconds", int((ended - started).total_seconds()))
    columns = {"entry_date": started.date() if started else DAY, "time_zone": "UTC"} | columns
    async with app.state.database.session() as session:
        turn = await take_turn(session, user_id)
        task_id = UUID(task["id"]) if task else None
        entry = TimeEntry(user_id=user_id, seq=turn.seq, task_id=task_id, **columns)
        session.add(entry)
        await session.commit()
    return entry


async def worked(app: Litestar, user_id: str, task: dict[str, Any] | None, start: str, end: str) -> TimeEntry:
    """An interval of theirs between two times of that day, or two instants."""
    return await book(app, user_id, task, started_at=hour(start), ended_at=hour(end))


async def listed(client: httpx.AsyncClient, where: str, **query: Any) -> list[dict[str, Any]]:
    """The items of a list."""
    answer = await client.get(where, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
