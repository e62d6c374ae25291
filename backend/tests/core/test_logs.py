"""One JSON line a request, that tells what happened and nothing that is anybody's business."""

import json
import logging
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.core.logs import JsonLines
from tests.service import client_of, token_of

TASKS = "/api/v1/tasks"


@pytest.fixture
def logged(app: Litestar, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The service's log since it started, rendered as in production; the client's own is not of it."""
    caplog.handler.setFormatter(JsonLines())
    caplog.clear()
    caplog.set_level(logging.WARNING, "httpx")
    caplog.set_level(logging.INFO)
    return caplog


def lines_of(logged: pytest.LogCaptureFixture, logger: str = "app.requests") -> list[dict[str, Any]]:
    lines = [json.loads(logged.handler.format(record)) for record in logged.records]
    return [line for line in lines if line["logger"] == logger]


async def test_a_request_is_one_line(alice: httpx.AsyncClient, logged: pytest.LogCaptureFixture) -> None:
    answer = await alice.post(TASKS, json={"title": "Water the plants"})
    (line,) = lines_of(logged)
    assert line.pop("time").endswith("+00:00")
    assert 0 < line.pop("milliseconds") < 60_000
    assert line == {
        "level": "info",
        "logger": "app.requests",
        "message": "request",
        "method": "POST",
        "path": TASKS,
        "status": 201,
        "request_id": answer.headers["x-request-id"],
    }


async def test_a_refused_request_is_one_line_too(
    alice: httpx.AsyncClient, logged: pytest.LogCaptureFixture
) -> None:
    await alice.head("/nowhere")
    await alice.put(TASKS)
    await alice.get(TASKS, params={"limit": "0"})
    told = [(line["method"], line["path"], line["status"]) for line in lines_of(logged)]
    assert told == [("HEAD", "/nowhere", 404), ("PUT", TASKS, 405), ("GET", TASKS, 422)]


async def test_no_token_body_or_query_value_is_logged(
    app: Litestar, alice: httpx.AsyncClient, logged: pytest.LogCaptureFixture
) -> None:
    secret = "hunter2"
    where = (await alice.post(TASKS, json={"title": secret, "description": secret})).headers["location"]
    await alice.post(TASKS, content=f'{{"title": 1, "{secret}": "{secret}'.encode())
    await alice.post(TASKS, json={"title": secret, secret: secret})
    await alice.patch(where, json={"title": secret * 100})
    await alice.get(TASKS, params={"q": secret, "cursor": secret})
    await alice.get(TASKS, params={secret: secret})
    await alice.get(f"{TASKS}%3Fq={secret}%26access_token={secret}")
    async with client_of(app) as mallory:
        for token in (secret, f"{token_of('mallory')}{secret}", f"{secret}.{secret}.{secret}"):
            await mallory.get(TASKS, headers={"Authorization": f"Bearer {token}", "Cookie": secret})
    assert len(lines_of(logged)) == 10
    assert secret not in logged.text
    assert token_of("alice").split(".")[1][:20] not in logged.text


async def test_a_bug_is_one_problem_and_its_stack_stays_in_the_log(
    app: Litestar,
    alice: httpx.AsyncClient,
    logged: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail() -> None:
        raise RuntimeError("the engine room is on fire")

    monkeypatch.setattr(app.state.probe, "ask", fail)
    answer = await alice.get("/health/db")
    request_id = answer.headers["x-request-id"]
    assert (answer.status_code, answer.json()) == (
        500,
        {
            "type": "urn:daybook:problem:internal_error",
            "title": "Internal error",
            "status": 500,
            "code": "internal_error",
            "detail": "Something went wrong here; the request id finds it in the log.",
            "request_id": request_id,
        },
    )
    (bug,) = lines_of(logged, "app.core.http.problems")
    assert (bug["level"], bug["request_id"]) == ("error", request_id)
    assert "the engine room is on fire" in bug["stack"]
    assert [line["status"] for line in lines_of(logged)] == [500]


async def test_no_path_can_forge_a_line(alice: httpx.AsyncClient, logged: pytest.LogCaptureFixture) -> None:
    await alice.get("/nowhere%0A%7B%22level%22:%22error%22%7D%0D%E2%80%A8x")
    (record,) = [record for record in logged.records if record.name == "app.requests"]
    rendered = logged.handler.format(record)
    assert rendered.splitlines() == [rendered]
    assert json.loads(rendered)["path"] == '/nowhere\n{"level":"error"}\r\u2028x'


async def test_no_path_or_method_makes_a_long_line(
    alice: httpx.AsyncClient, logged: pytest.LogCaptureFixture
) -> None:
    await alice.request("M" * 20_000, "/" + "%01" * 9000)
    (line,) = lines_of(logged)
    assert line["path"] == "/" + "\x01" * 199
    assert line["method"] == "M" * 20


def test_no_message_or_stack_can_forge_a_line() -> None:
    error = ValueError('a\n{"level": "error"}')
    cause = (ValueError, error, None)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "a\r\n%s\u2028\x85", ("b\n",), cause)
    rendered = JsonLines().format(record)
    assert rendered.splitlines() == [rendered]
    line = json.loads(rendered)
    assert (line["level"], line["message"]) == ("error", "a\r\nb\n\u2028\x85")
    assert line["stack"] == 'ValueError: a\n{"level": "error"}'


def test_what_json_can_not_hold_is_rendered_as_text() -> None:
    record = logging.makeLogRecord({"msg": "x", "place": {1, 2}, "cause": ValueError("y")})
    assert json.loads(JsonLines().format(record))["cause"] == "y"
