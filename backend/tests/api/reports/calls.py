"""What a report tells of the entries that are booked."""

from datetime import timedelta
from typing import Any

import httpx

from tests.api.entries import Values

REPORT = "/api/v1/reports/time"


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
