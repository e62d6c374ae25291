"""How large a report may be: what is beyond is refused, and soon."""

from datetime import date, timedelta
from typing import Any

import httpx
from litestar import Litestar

from app.api.reports.queries import ROWS_MAX
from tests.api.entries import book, interval, lasting
from tests.api.reports.calls import REPORT

Query = dict[str, str]
TEN_YEARS = {"from": "2015-01-01", "to": "2025-01-07"}


async def _refused(client: httpx.AsyncClient, **query: Any) -> None:
    for path in (REPORT, f"{REPORT}.svg"):
        answer = await client.get(path, params=TEN_YEARS | query)
        assert answer.status_code == 422, answer.text
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
            ("/to", "too_large")
        ]


async def test_entries_of_years_are_not_cut_into_millions_of_pieces(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    await book(app, "alice", *(interval("2015-01-01", "2025-01-01") for _ in range(150)))
    await _refused(alice, group="day")
    answer = await alice.get(REPORT, params=TEN_YEARS | {"group": "month"})
    assert answer.json()["entries"] == 150
    assert answer.json()["total_seconds"] == 150 * 3653 * 86_400


async def test_there_are_no_more_rows_than_are_soon_put_in_order(
    app: Litestar, alice: httpx.AsyncClient
) -> None:
    tags = [f"tag {place}" for place in range(32)]
    days = [date(2015, 1, 1) + timedelta(days=day) for day in range(ROWS_MAX // len(tags) + 1)]
    await book(app, "alice", *(lasting(day, 60, tags=tags) for day in days))
    await _refused(alice, group="day,tag")
    answer = await alice.get(REPORT, params=TEN_YEARS | {"group": "month,tag"})
    assert answer.json()["total_seconds"] == len(days) * 60


async def test_what_is_not_asked_about_again_is_not_refused(app: Litestar, alice: httpx.AsyncClient) -> None:
    await book(app, "alice", *(interval("2015-01-01", "2025-01-01") for _ in range(150)))
    answer = await alice.get(REPORT, params=TEN_YEARS, headers={"If-None-Match": "*"})
    assert answer.status_code == 304
