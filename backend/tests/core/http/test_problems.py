"""Errors as problem documents: constant words, the right media type, and never what an exception says."""

import asyncio
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar import exceptions as litestar_errors

from app.core import errors
from app.core.errors import Fault, ProblemError
from app.core.http.problems import answer_problem, problem_response
from app.core.rows.turns import take_turn
from tests.core.db.databases import checked_out, closed_port
from tests.service import client_of, running, settings_for

TASKS = "/api/v1/tasks"
SECRET = "the engine room is on fire"
PROBLEMS = {
    (400, "malformed", "Malformed request"),
    (401, "unauthorized", "Unauthorized"),
    (404, "not_found", "Not found"),
    (405, "method_not_allowed", "Method not allowed"),
    (408, "request_timeout", "Request timeout"),
    (409, "conflict", "Conflict"),
    (409, "in_trash", "In the trash"),
    (409, "locked", "Locked"),
    (409, "overlap", "Overlap"),
    (409, "running", "A timer runs already"),
    (410, "gone", "Gone"),
    (412, "stale", "Precondition failed"),
    (413, "too_large", "Body too large"),
    (415, "unsupported_media_type", "Unsupported media type"),
    (422, "invalid", "Invalid input"),
    (422, "key_reused", "Idempotency key reused"),
    (500, "internal_error", "Internal error"),
    (503, "unavailable", "Service unavailable"),
}
CLASSES = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ProblemError)
]


def an_error(class_: type[ProblemError]) -> ProblemError:
    """One of the class; some know their own words."""
    make: Any = class_
    return errors.UnauthorizedError() if class_ is errors.UnauthorizedError else make("This time.")


def answer_to(error: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, document and headers of the answer to an error."""
    request: Any = SimpleNamespace(scope={"state": {"request_id": "r-1"}})
    response = answer_problem(request, error)
    assert response.media_type == "application/problem+json"
    return response.status_code or 0, msgspec.json.decode(response.content), response.headers


@pytest.fixture
async def hurried(database_url: str) -> AsyncIterator[Litestar]:
    """A service that waits for nothing for long, with one connection."""
    bounds = {"db_pool_timeout_seconds": 0.2, "db_command_timeout_seconds": 0.4}
    settings = settings_for(database_url, auto_migrate=False, db_pool_size=1, db_max_overflow=0, **bounds)
    async with running(settings) as app:
        yield app


def unavailable_within(seconds: float, answer: httpx.Response, began: float) -> None:
    """Asserts that it is a 503, in time, that says when to come back and not what was wrong."""
    assert time.monotonic() - began < seconds
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["detail"] == "The database does not answer in time. Try again."


def test_the_errors_are_these() -> None:
    assert {(class_.status, class_.code, class_.title) for class_ in CLASSES} == PROBLEMS
    assert len({class_.code for class_ in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize("class_", CLASSES)
def test_an_error_is_a_problem_of_constant_words(class_: type[ProblemError]) -> None:
    error = an_error(class_)
    status, document, headers = answer_to(error)
    assert (status, headers) == (class_.status, error.headers)
    assert document == {
        "type": f"urn:daybook:problem:{class_.code}",
        "title": class_.title,
        "status": class_.status,
        "code": class_.code,
        "detail": error.detail,
        "request_id": "r-1",
    }


def test_faults_and_the_present_row_are_in_the_document() -> None:
    fault = Fault("/title", "invalid", "Expected text")
    invalid = msgspec.json.decode(problem_response(errors.InvalidError("x", errors=(fault,)), "r").content)
    assert invalid["errors"] == [{"pointer": "/title", "code": "invalid", "message": "Expected text"}]
    stale = msgspec.json.decode(
        problem_response(errors.StaleError("x", current=msgspec.Raw(b'{"id":1}')), "r").content
    )
    assert stale["current"] == {"id": 1}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (litestar_errors.NotFoundException(SECRET), 404, "not_found"),
        (
            litestar_errors.MethodNotAllowedException(SECRET, headers={"allow": "GET"}),
            405,
            "method_not_allowed",
        ),
        (litestar_errors.ClientException(SECRET), 400, "malformed"),
        (litestar_errors.ValidationException(SECRET, extra=[{"message": SECRET}]), 400, "malformed"),
        (litestar_errors.HTTPException(SECRET, status_code=413), 413, "too_large"),
        (litestar_errors.InternalServerException(SECRET), 500, "internal_error"),
        (litestar_errors.ImproperlyConfiguredException(SECRET), 500, "internal_error"),
        (RuntimeError(SECRET), 500, "internal_error"),
        (KeyError(SECRET), 500, "internal_error"),
        (ConnectionRefusedError(111, SECRET), 503, "unavailable"),
        (TimeoutError(SECRET), 503, "unavailable"),
    ],
)
def test_what_others_raise_is_a_problem_without_their_words(error: Exception, status: int, code: str) -> None:
    answered, document, _ = answer_to(error)
    assert (answered, document["status"], document["code"]) == (status, status, code)
    assert SECRET not in str(document)
    assert not {"errors", "current"} & set(document)


def test_a_method_not_allowed_says_which_are() -> None:
    _, _, headers = answer_to(litestar_errors.MethodNotAllowedException(headers={"allow": "GET, POST"}))
    assert headers == {"allow": "GET, POST"}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_database_that_is_down_is_503(method: str, caplog: pytest.LogCaptureFixture) -> None:
    url = f"postgresql://daybook:{SECRET.replace(' ', '-')}@127.0.0.1:{closed_port()}/daybook"
    async with running(settings_for(url)) as app, client_of(app, "alice") as alice:
        began = time.monotonic()
        body = {"title": "Water the plants"} if method == "POST" else None
        unavailable_within(2, await alice.request(method, TASKS, json=body), began)
        assert checked_out(app.state.database) == 0
    causes = [getattr(record, "cause", None) for record in caplog.records if "unavailable" in record.message]
    assert causes == ["ConnectionRefusedError"]


async def test_a_pool_that_is_exhausted_is_503(hurried: Litestar) -> None:
    database = hurried.state.database
    async with client_of(hurried, "alice") as alice:
        async with database.session(read_only=True) as session:
            await session.connection()
            began = time.monotonic()
            unavailable_within(2, await alice.get(TASKS), began)
        assert (await alice.get(TASKS)).status_code == 200


async def test_a_statement_that_takes_too_long_is_503(hurried: Litestar, database_url: str) -> None:
    async with running(settings_for(database_url, auto_migrate=False)) as other:
        async with other.state.database.session() as session, client_of(hurried, "alice") as alice:
            await take_turn(session, "alice")
            began = time.monotonic()
            answers = await asyncio.gather(*(alice.post(TASKS, json={"title": "x"}) for _ in range(3)))
            for answer in answers:
                unavailable_within(3, answer, began)
            await session.rollback()
            assert (await alice.post(TASKS, json={"title": "x"})).status_code == 201
        assert checked_out(hurried.state.database) == 0
