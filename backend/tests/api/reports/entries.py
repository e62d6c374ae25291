"""Entries put straight into the table, and what a report tells of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
from litestar import Litestar
from sqlalchemy import insert

from app.core.db.session import Database
from app.core.ids import new_id
from app.core.rows.turns import take_turn
from app.models.base import table_of
from app.models.time_entry import TimeEntry

REPORT = "/api/v1/reports/time"
ENTRIES = table_of(TimeEntry)

Values = dict[str, Any]


def at(text: str) -> datetime:
    """An instant; in UTC where the text names no zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def interval(start: str | datetime, end: str | datetime, **more: object) -> Values:
    """From one instant to another."""
    begin, stop = (at(edge) if isinstance(edge, str) else edge for edge in (start, end))
    seconds = int((stop - begin).total_seconds())
    dates = {"entry_date": begin.astimezone(UTC).date(), "duration_seconds": seconds}
    return {"started_at": begin, "ended_at": stop, **dates, **more}


def running(start: str | datetime, **more: object) -> Values:
    """A timer that runs since an instant."""
    begin = at(start) if isinstance(start, str) else start
    return {"started_at": begin, "entry_date": begin.astimezone(UTC).date(), "duration_seconds": None, **more}


def lasting(day: str | date, seconds: int, **more: object) -> Values:
    """A duration on a day."""
    on = date.fromisoformat(day) if isinstance(day, str) else day
    return {"entry_date": on, "duration_seconds": seconds, **more}


def row_of(entry: Values, user_id: str, seq: int) -> Values:
    """All that the table wants of an entry."""
    blank: Values = {"started_at": None, "ended_at": None, "deleted_at": None, "tags": [], "time_zone": "UTC"}
    refers = dict.fromkeys(("task_id", "time_code_id", "work_type_id"))
    return {"id": new_id(), "user_id": user_id, "seq": seq, "locked": False, **blank, **refers, **entry}


async def book(app: Litestar, user_id: str, *entries: Values) -> None:
    """Entries of a person's, under one number."""
    await book_in(app.state.database, user_id, *entries)


async def book_in(database: Database, user_id: str, *entries: Values) -> None:
    """Entries of a person's in a database, under one number."""
    async with database.session() as session:
        turn = await take_turn(session, user_id)
        if entries:
            rows = [row_of(entry, user_id, turn.seq) for entry in entries]
            await (await session.connection()).execute(insert(ENTRIES), rows)
        await session.commit()


async def report(client: httpx.AsyncClient, from_: str, to: str, **query: Any) -> Values:
    """A report of theirs."""
    answer = await client.get(REPORT, params={"from": from_, "to": to, **query})
    assert answer.status_code == 200, answer.text
    found: Values = answer.json()
    return found


async def seconds(client: httpx.AsyncClient, from_: str, to: str, **query: Any) -> dict[str, int]:
    """The seconds of a report's rows by what they are grouped by."""
    rows = (await report(client, from_, to, **query))["rows"]
    return {
        "/".join(str(row[key]) for key in list(row)[:-2] if "id" not in key): row["seconds"] for row in rows
    }


def hours(text: str) -> int:
    """Seconds of a length such as 23:30."""
    hour, minute = map(int, text.split(":"))
    return int(timedelta(hours=hour, minutes=minute).total_seconds())
