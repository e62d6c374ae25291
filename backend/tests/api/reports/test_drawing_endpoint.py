"""The drawing over HTTP: what the report says, with a tag of its own, and a policy that lets it be seen."""

from uuid import UUID
from xml.etree import ElementTree

import httpx
import pytest
from litestar import Litestar

from app.api.reports.drawing import DRAWING_CSP
from tests.api.entries import DAY, book, lasting, running, worked
from tests.api.reports.calls import REPORT
from tests.api.reports.drawings import told
from tests.api.tasks.calls import fields_of

DRAWING = f"{REPORT}.svg"
WEEK = {"from": "2026-05-04", "to": "2026-05-10"}
CODE = {"code": "</text><script>", "name": "A\u202eB"}


async def drawn(client: httpx.AsyncClient, **query: str) -> list[str]:
    """What the pieces of the drawing say."""
    answer = await client.get(DRAWING, params=WEEK | query)
    assert answer.status_code == 200, answer.text
    return told(ElementTree.fromstring(answer.content))  # noqa: S314 (our own)


async def test_it_draws_what_the_report_says(alice: httpx.AsyncClient, app: Litestar) -> None:
    code = (await alice.post("/api/v1/time-codes", json=CODE)).json()
    await worked(app, "alice", None, "2026-05-04T22:30:00+00:00", "2026-05-05T01:00:00+00:00")
    await book(app, "alice", lasting(DAY, 600, time_code_id=UUID(code["id"])))
    assert await drawn(alice) == [
        "</text><script>, 2026-05-04: 10 min",
        "No time code, 2026-05-04: 1 h 30 min",
        "No time code, 2026-05-05: 1 h",
    ]
    assert await drawn(alice, tz="Europe/Berlin", group="week") == ["Time, 2026-05-04: 2 h 40 min"]
    answer = await alice.get(DRAWING, params=WEEK)
    assert answer.headers["content-type"].partition(";")[0] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == DRAWING_CSP


async def test_a_copy_is_good_until_something_changes_and_for_the_drawing_only(
    alice: httpx.AsyncClient, app: Litestar
) -> None:
    await worked(app, "alice", None, "09:00", "10:00")
    query = WEEK | {"group": "day,time_code"}
    tags = [(await alice.get(where, params=query)).headers["etag"] for where in (DRAWING, REPORT)]
    for where, tag, status in (
        (DRAWING, tags[0], 304),
        (DRAWING, tags[1], 200),
        (REPORT, tags[0], 200),
    ):
        answer = await alice.get(where, params=query, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content == b"") == (status, status == 304)
    await worked(app, "alice", None, "10:00", "11:00")
    assert (await alice.get(DRAWING, params=query, headers={"If-None-Match": tags[0]})).status_code == 200


async def test_a_running_timer_leaves_no_tag(alice: httpx.AsyncClient, app: Litestar) -> None:
    await book(app, "alice", running("09:00"))
    answer = await alice.get(DRAWING, params={"from": "2026-05-04", "to": "2026-12-31", "group": "month"})
    assert (answer.status_code, "etag" in answer.headers) == (200, False)
    assert "A timer still runs." in answer.text


@pytest.mark.parametrize("group", ["tag", "time_code,day", "hour", "day,day"])
async def test_what_has_no_unit_of_time_first_is_not_drawn(alice: httpx.AsyncClient, group: str) -> None:
    answer = await alice.get(DRAWING, params=WEEK | {"group": group})
    assert (answer.status_code, [place for place, _ in fields_of(answer)]) == (422, ["/group"])
    assert answer.headers["content-type"] == "application/problem+json"


async def test_nobody_sees_anothers_time(
    alice: httpx.AsyncClient,
    bob: httpx.AsyncClient,
    nobody: httpx.AsyncClient,
    app: Litestar,
) -> None:
    await worked(app, "bob", None, "09:00", "10:00")
    assert await drawn(alice) == []
    assert await drawn(bob) == ["No time code, 2026-05-04: 1 h"]
    assert (await nobody.get(DRAWING, params=WEEK)).status_code == 401
