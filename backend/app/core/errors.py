"""The errors that the service answers with: one small tree, each a problem of RFC 9457."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with the input: where (a JSON pointer, RFC 6901), what (a code) and why."""

    pointer: str
    code: str
    message: str


class ProblemError(Exception):
    """Base of every error that a client sees.

    `status`, `code` and `title` are constants of the class; `detail` says what happened this time
    and never holds a secret, a stack, or a value of another person.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: str,
        *,
        errors: tuple[Fault, ...] = (),
        headers: Mapping[str, str] | None = None,
        current: msgspec.Raw | None = None,
        conflicts: tuple[msgspec.Raw, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.current = current
        self.conflicts = conflicts


class MalformedError(ProblemError):
    """400: the request can't be read (bad JSON, bad UTF-8, a cursor that is not ours)."""

    status = 400
    code = "malformed"
    title = "Malformed request"


class UnauthorizedError(ProblemError):
    """401: no token, or one that does not pass; always the same words, whatever the cause (RFC 6750 §3)."""

    status = 401
    code = "unauthorized"
    title = "Unauthorized"

    def __init__(self) -> None:
        super().__init__(
            "A valid bearer token is required.",
            headers={"WWW-Authenticate": 'Bearer realm="daybook"'},
        )


class NotFoundError(ProblemError):
    """404: nothing of the asker's is here. A stranger's row and a random id look the same."""

    status = 404
    code = "not_found"
    title = "Not found"


class MethodNotAllowedError(ProblemError):
    """405: the path is there, the method is not; `Allow` names those that are."""

    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"


class RequestTimeoutError(ProblemError):
    """408: the body did not arrive in time; the connection is closed, for who knows what is still to come."""

    status = 408
    code = "request_timeout"
    title = "Request timeout"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"Connection": "close"})


class ConflictError(ProblemError):
    """409: the request contradicts what is stored."""

    status = 409
    code = "conflict"
    title = "Conflict"


class InTrashError(ConflictError):
    """409: the row lies in the trash; restore it first."""

    code = "in_trash"
    title = "In the trash"


class LockedError(ConflictError):
    """409: the row is locked; unlock it first."""

    code = "locked"
    title = "Locked"


class OverlapError(ConflictError):
    """409: the time is taken already; `conflicts` are the rows in the way."""

    code = "overlap"
    title = "Overlap"


class RunningError(ConflictError):
    """409: a timer runs already; `current` is the one."""

    code = "running"
    title = "A timer runs already"


class GoneError(ProblemError):
    """410: the cursor has been overtaken; start again."""

    status = 410
    code = "gone"
    title = "Gone"


class StaleError(ProblemError):
    """412: the row is not in the state that If-Match or If-None-Match asks for; `current` is the row."""

    status = 412
    code = "stale"
    title = "Precondition failed"


class TooLargeError(ProblemError):
    """413: the body is larger than the limit."""

    status = 413
    code = "too_large"
    title = "Body too large"


class UnsupportedMediaTypeError(ProblemError):
    """415: the body is not application/json."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class InvalidError(ProblemError):
    """422: well-formed but invalid; `errors` says where."""

    status = 422
    code = "invalid"
    title = "Invalid input"


class KeyReusedError(InvalidError):
    """422: the Idempotency-Key was another request's."""

    code = "key_reused"
    title = "Idempotency key reused"


class UnavailableError(ProblemError):
    """503: the database or the issuer does not answer; try again."""

    status = 503
    code = "unavailable"
    title = "Service unavailable"

    def __init__(self, detail: str, *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})
