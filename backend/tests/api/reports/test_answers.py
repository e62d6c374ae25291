"""What a report answers with: its tag, its forms, its statements, and what it refuses."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from tests.api.entries import book, interval, lasting, running
from tests.api.reports.calls import REPORT
from tests.api.tasks.calls import fields_of
from tests.api.tasks.test_statements import assert_about
from tests.service import Statement

MAY = {"from": "2026-05-01", "to": "2026-05-31"}
CSV = {"Accept": "text/csv"}


async def test_the_answer_says_what_it_understood(app: Litestar, alice: httpx.AsyncClient) -> None:
    await book(app, "alice", lasting("2026-05-01", 60))
    answer = await alice.get(REPORT, params=MAY)
    assert answer.text == (
        '{"from":"2026-05-01","to":"2026-05-31","tz":"UTC","week_start":"monday","group":["day"],'
        '"rounding":"none","rows":[{"day":"2026-05-01","seconds":60,"entries":1}],"total_seconds":60,'
        '"entries":1,"running":false}'
    )
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["vary"] == "Authorization, Accept"
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_an_unchanged_report_is_not_read_again(
    app: Litestar, alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    await book(app, "alice", lasting("2026-05-01", 60))
    first = await alice.get(REPORT, params=MAY)
    copy = {"If-None-Match": f'"other", {first.headers["etag"]}'}
    again = await alice.get(REPORT, params=MAY, headers=copy)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert again.headers["vary"] == "Authorization, Accept"
    assert (await alice.get(REPORT, params=MAY, headers={"If-None-Match": "*"})).status_code == 304
    for other in ({"tz": "Europe/Berlin"}, {"group": "week"}, {"to": "2026-06-01"}, {"tag": "home"}):
        assert (await alice.get(REPORT, params={**MAY, **other}, headers=copy)).status_code == 200
    assert (await alice.get(REPORT, params=MAY, headers=copy | CSV)).status_code == 200
    await book(app, "alice", lasting("2026-05-01", 1))
    changed = await alice.get(REPORT, params=MAY, headers=copy)
    assert (changed.status_code, changed.json()["total_seconds"]) == (200, 61)
    await alice.put("/api/v1/config/time_zone", json={"value": "Asia/Tokyo"})
    latest = await alice.get(REPORT, params=MAY, headers={"If-None-Match": changed.headers["etag"]})
    assert (latest.status_code, latest.json()["tz"]) == (200, "Asia/Tokyo")


async def test_who_never_wrote_has_a_tag_too(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    tag = (await alice.get(REPORT, params=MAY)).headers["etag"]
    assert (await alice.get(REPORT, params=MAY, headers={"If-None-Match": tag})).status_code == 304
    await bob.post("/api/v1/tasks", json={"title": "Water"})
    assert (await bob.get(REPORT, params=MAY, headers={"If-None-Match": tag})).status_code == 200


async def test_what_a_running_timer_makes_grow_has_no_tag(app: Litestar, alice: httpx.AsyncClient) -> None:
    today = datetime.now(UTC).date()
    day = timedelta(days=1)
    await book(app, "alice", running("2026-05-10T12:00", tags=["home"]))
    growing = {"from": "2026-05-01", "to": str(today + 2 * day)}
    soon = {"from": str(today + 2 * day), "to": str(today + 3 * day)}
    past = {"from": "2026-05-01", "to": "2026-05-12"}
    before = {"from": "2026-05-01", "to": "2026-05-09"}
    for range_, tagged, runs in (
        (growing, False, True),
        (soon, False, False),
        (past, True, True),
        (before, True, False),
        ({**growing, "tag": "garden"}, True, False),
        ({**growing, "tag": "home"}, False, True),
    ):
        answer = await alice.get(REPORT, params=range_)
        assert ("etag" in answer.headers, answer.json()["running"]) == (tagged, runs), range_
        assert answer.headers["cache-control"] == ("private, no-cache" if tagged else "no-store")


async def test_it_costs_two_statements_about_one_person(
    app: Litestar, alice: httpx.AsyncClient, statements: list[Statement]
) -> None:
    some = str(UUID(int=7))
    await book(app, "alice", lasting("2026-05-01", 60))
    statements.clear()
    for query in (
        {},
        {"group": "task,time_code"},
        {"group": "work_type,tag", "fill": "true", "rounding": "up", "rounding_minutes": "5"},
        {"tag": "home", "task_id": [some, "none"], "time_code_id": some, "work_type_id": "none"},
    ):
        assert (await alice.get(REPORT, params={**MAY, **query})).status_code == 200
        assert len(statements) == 2
        for statement, parameters in statements:
            assert_about(statement, parameters, "alice")
        statements.clear()


async def test_as_csv(app: Litestar, alice: httpx.AsyncClient) -> None:
    body = {"code": "-1+1", "name": '  =HYPERLINK("evil")'}
    code = UUID((await alice.post("/api/v1/time-codes", json=body)).json()["id"])
    await book(app, "alice", lasting("2026-05-01", 60, time_code_id=code), lasting("2026-05-02", 5))
    query = {**MAY, "group": "time_code,day"}
    answer = await alice.get(REPORT, params=query, headers=CSV)
    assert answer.content.decode() == (
        "day,time_code_id,time_code,time_code_name,seconds,entries\r\n"
        f'2026-05-01,{code},\'-1+1,"\'  =HYPERLINK(""evil"")",60,1\r\n'
        "2026-05-02,,,,5,1\r\n"
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="time_2026-05-01_2026-05-31.csv"'
    assert answer.headers["vary"] == "Authorization, Accept"
    assert answer.headers["etag"] != (await alice.get(REPORT, params=query)).headers["etag"]
    copy = {"If-None-Match": answer.headers["etag"]}
    assert (await alice.get(REPORT, params=query, headers=copy | CSV)).status_code == 304
    assert (await alice.get(REPORT, params=query, headers=copy)).status_code == 200


async def test_the_columns_are_the_keys_of_the_rows(app: Litestar, alice: httpx.AsyncClient) -> None:
    await book(app, "alice", interval("2026-05-01T09:00", "2026-05-01T10:00", tags=['"a", b', "＋c", "\td"]))
    for group in ("day", "week,month", "task,tag", "tag,week", "work_type,time_code"):
        query = {**MAY, "group": group}
        rows = (await alice.get(REPORT, params=query)).json()["rows"]
        text = (await alice.get(REPORT, params=query, headers=CSV)).text
        found = list(csv.DictReader(io.StringIO(text, newline="")))
        assert [{name: value.removeprefix("'") for name, value in row.items()} for row in found] == [
            {name: "" if value is None else str(value) for name, value in row.items()} for row in rows
        ]
    empty = await alice.get(REPORT, params={"from": "2026-06-01", "to": "2026-06-01"}, headers=CSV)
    assert empty.text == "day,seconds,entries\r\n"


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ({"from": None}, ("/from", "required")),
        ({"to": None}, ("/to", "required")),
        ({"from": "2026-05-32"}, ("/from", "invalid")),
        ({"from": "2026-05-01T00:00:00Z"}, ("/from", "invalid")),
        ({"from": "1969-12-31"}, ("/from", "invalid")),
        ({"to": "9999-01-01"}, ("/to", "invalid")),
        ({"to": "2026-04-30"}, ("/to", "invalid")),
        ({"from": "2016-04-01", "to": "2026-05-31"}, ("/to", "invalid")),
        ({"tz": "Middle/Earth"}, ("/tz", "unknown_zone")),
        ({"tz": ""}, ("/tz", "invalid")),
        ({"group": "year"}, ("/group", "invalid")),
        ({"group": ""}, ("/group", "invalid")),
        ({"group": "day,day"}, ("/group", "invalid")),
        ({"group": "day,"}, ("/group", "invalid")),
        ({"group": "day,week,tag"}, ("/group", "invalid")),
        ({"group": ["day", "tag"]}, ("/group", "repeated")),
        ({"week_start": "someday"}, ("/week_start", "invalid")),
        ({"fill": "perhaps"}, ("/fill", "invalid")),
        ({"rounding": "up"}, ("/rounding_minutes", "required")),
        ({"rounding": "sideways"}, ("/rounding", "invalid")),
        ({"rounding_minutes": "0"}, ("/rounding_minutes", "invalid")),
        ({"rounding_minutes": "1441"}, ("/rounding_minutes", "invalid")),
        ({"rounding_per": "week"}, ("/rounding_per", "invalid")),
        ({"task_id": "seven"}, ("/task_id", "invalid")),
        ({"time_code_id": ["none", "7"]}, ("/time_code_id", "invalid")),
        ({"work_type_id": ""}, ("/work_type_id", "invalid")),
        ({"tag": ""}, ("/tag/0", "invalid")),
        ({"tag": ["a", "a"]}, ("/tag", "invalid")),
        ({"color": "red"}, ("/color", "unknown_field")),
        ({"from_": "2026-05-01"}, ("/from_", "unknown_field")),
    ],
)
async def test_what_is_refused(
    alice: httpx.AsyncClient, query: dict[str, Any], fault: tuple[str, str]
) -> None:
    asked = {name: value for name, value in {**MAY, **query}.items() if value is not None}
    answer = await alice.get(REPORT, params=asked)
    assert answer.status_code == 422, answer.text
    assert fields_of(answer) == [fault]


async def test_ten_years_are_not_too_many(alice: httpx.AsyncClient) -> None:
    query = {"from": "2016-05-24", "to": "2026-05-31", "fill": "true"}
    assert len((await alice.get(REPORT, params=query)).json()["rows"]) == 3660


async def test_it_is_for_those_who_are_known(nobody: httpx.AsyncClient) -> None:
    assert (await nobody.get(REPORT, params=MAY)).status_code == 401


async def test_the_document_tells_of_both_forms_and_of_what_must_be_asked(nobody: httpx.AsyncClient) -> None:
    document = (await nobody.get("/schema/openapi.json")).json()
    told = document["paths"][REPORT]["get"]
    assert told["operationId"] == "getTimeReport"
    assert told["responses"]["200"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/TimeReport"}},
        "text/csv": {"schema": {"type": "string"}},
    }
    parameters = {each["name"]: each for each in told["parameters"] if each["in"] == "query"}
    assert [name for name, each in parameters.items() if each.get("required")] == ["from", "to"]
    assert parameters["from"]["schema"]["format"] == "date"
    assert all(each["description"] for each in parameters.values())
    assert {"304", "422"} <= set(told["responses"])
