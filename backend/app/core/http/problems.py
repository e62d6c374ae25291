"""Every error as a problem document (RFC 9457), translated once."""

import logging
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR

from app.core.db.errors import name_of, problem_of
from app.core.errors import (
    Fault,
    MalformedError,
    MethodNotAllowedError,
    NotFoundError,
    ProblemError,
    TooLargeError,
    UnavailableError,
)
from app.core.http.again import follows
from app.core.http.bodies import BODY_MAX
from app.core.http.idempotency import replayed
from app.core.rows.retries import AnsweredError

PROBLEM_JSON: Final = "application/problem+json"

log = logging.getLogger(__name__)


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong: `type`, `title` and `code` are constants, `detail` is about this time.

    `errors` says where bad input is; `current` is the row as it is now, with a 412 or a 409; `conflicts`
    are the rows in the way (ten at most), with a 409.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: tuple[Fault, ...] = ()
    current: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    conflicts: tuple[msgspec.Raw, ...] = ()


def answer_problem(request: Request[Any, Any, State], error: Exception) -> Response[bytes]:
    """The answer to any exception: its problem, or a 500 that says nothing and is logged with its stack.

    Where another run of the request follows, what is answered here goes nowhere.
    """
    if isinstance(error, AnsweredError):
        return replayed(error.answer)
    request_id = request.scope["state"]["request_id"]
    if follows(request.scope, error):
        log.info("run again", extra={"request_id": request_id, "cause": name_of(error)})
        return Response(b"", status_code=UnavailableError.status)
    problem = _problem_from(error)
    if problem is None:
        log.error("unhandled exception", exc_info=error, extra={"request_id": request_id})
        problem = ProblemError("Something went wrong here; the request id finds it in the log.")
    elif isinstance(problem, UnavailableError) and problem is not error:
        log.warning("database unavailable", extra={"request_id": request_id, "cause": name_of(error)})
    return problem_response(problem, request_id)


def problem_response(problem: ProblemError, request_id: str) -> Response[bytes]:
    """A problem document and its headers."""
    body = Problem(
        type=f"urn:daybook:problem:{problem.code}",
        title=problem.title,
        status=problem.status,
        code=problem.code,
        detail=problem.detail,
        request_id=request_id,
        errors=problem.errors,
        current=msgspec.UNSET if problem.current is None else problem.current,
        conflicts=problem.conflicts,
    )
    return Response(
        msgspec.json.encode(body),
        status_code=problem.status,
        headers=problem.headers,
        media_type=PROBLEM_JSON,
    )


def _problem_from(error: Exception) -> ProblemError | None:
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, HTTPException):
        return _problem_of_http(error)
    return problem_of(error)


def _problem_of_http(error: HTTPException) -> ProblemError | None:
    """What Litestar itself refuses."""
    match error.status_code:
        case 404:
            return NotFoundError("There is nothing at this path.")
        case 405:
            return MethodNotAllowedError("This path does not take this method.", headers=error.headers)
        case 413:
            return TooLargeError(f"The body is larger than {BODY_MAX // 1024} KiB.")
        case status if status >= HTTP_500_INTERNAL_SERVER_ERROR:
            return None
    return MalformedError("The request can't be read.")
