"""Time entries put straight into the table, of any time and shape, for the tests of what adds them up."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
from litestar import Litestar
from sqlalchemy import insert

from app.core.db.session import Database
from app.core.ids import new_id
from app.core.rows.turns import take_turn
from app.models.base import table_of
from app.models.time_entry import TimeEntry

ENTRIES = table_of(TimeEntry)
DAY = date(2026, 5, 4)

Values = dict[str, Any]


def moment(text: str) -> datetime:
    """An instant, or a time such as 09:00 of that day; in UTC where the text names no zone."""
    found = datetime.fromisoformat(f"{DAY}T{text}" if text[2] == ":" else text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def interval(start: str | datetime, end: str | datetime, **more: object) -> Values:
    """From one instant to another."""
    begin, stop = (moment(edge) if isinstance(edge, str) else edge for edge in (start, end))
    seconds = int((stop - begin).total_seconds())
    dates = {"entry_date": begin.astimezone(UTC).date(), "duration_seconds": seconds}
    return {"started_at": begin, "ended_at": stop, **dates, **more}


def running(start: str | datetime, **more: object) -> Values:
    """A timer that runs since an instant."""
    begin = moment(start) if isinstance(start, str) else start
    return {"started_at": begin, "entry_date": begin.astimezone(UTC).date(), "duration_seconds": None, **more}


def lasting(day: str | date, seconds: int, **more: object) -> Values:
    """A duration on a day."""
    on = date.fromisoformat(day) if isinstance(day, str) else day
    return {"entry_date": on, "duration_seconds": seconds, **more}


def on(task: dict[str, Any]) -> Values:
    """The column of an entry that is on this task."""
    return {"task_id": UUID(task["id"])}


def row_of(entry: Values, user_id: str, seq: int) -> Values:
    """All that the table wants of an entry."""
    blank: Values = {"started_at": None, "ended_at": None, "deleted_at": None, "tags": [], "time_zone": "UTC"}
    refers = dict.fromkeys(("task_id", "time_code_id", "work_type_id"))
    return {"id": new_id(), "user_id": user_id, "seq": seq, "locked": False, **blank, **refers, **entry}


async def book(app: Litestar, user_id: str, *entries: Values) -> list[Values]:
    """Entries of a person's, under one number, as the rows that they are."""
    return await book_in(app.state.database, user_id, *entries)


async def book_in(database: Database, user_id: str, *entries: Values) -> list[Values]:
    """Entries of a person's in a database, under one number, as the rows that they are."""
    async with database.session() as session:
        turn = await take_turn(session, user_id)
        rows = [row_of(entry, user_id, turn.seq) for entry in entries]
        if rows:
            await (await session.connection()).execute(insert(ENTRIES), rows)
        await session.commit()
    return rows


async def worked(app: Litestar, user_id: str, task: dict[str, Any] | None, start: str, end: str) -> Values:
    """An interval of theirs between two times of that day, or two instants."""
    [row] = await book(app, user_id, interval(start, end, **(on(task) if task else {})))
    return row


async def listed(client: httpx.AsyncClient, where: str, **query: Any) -> list[dict[str, Any]]:
    """The items of a list."""
    answer = await client.get(where, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
