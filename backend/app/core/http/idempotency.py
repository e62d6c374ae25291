"""Idempotency-Key: a POST that may be sent again, and gets the answer that it got before.

On other methods the header means nothing: they may be repeated as they are, PUT with the client's id
included. What is compared to tell a repeat from another request is all that decides what it does: method,
path, query string, content type and body, to the byte.
"""

import re
from hashlib import sha256
from typing import Any, Final, cast

from litestar import Litestar, MediaType, Request, Response
from litestar.response.base import ASGIResponse

from app.core.db.session import Session
from app.core.errors import MalformedError
from app.core.http.bodies import StrictRequest
from app.core.http.header_values import header_values
from app.core.rows.retries import Answer, Retry, carry, keep_answer

HEADER: Final = "idempotency-key"
_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")
_ANSWER: Final = "answer"
"""Where the request's state holds what it is to be answered with."""


class RememberedResponse(Response[Any]):
    """A response that can be kept: rendered before the commit, it leaves with the request what it sends."""

    def to_asgi_response(self, app: Litestar | None, request: Request[Any, Any, Any], **options: Any) -> Any:
        """The response as it is sent."""
        response: ASGIResponse = super().to_asgi_response(app, request, **options)
        self.remember(request, response.status_code, response.body)
        return response

    def remember(self, request: Request[Any, Any, Any], status_code: int, body: bytes) -> None:
        """Leaves with a request that bears a key what it is answered with."""
        if key_of(request):
            media_type = MediaType.JSON if self.media_type is None else self.media_type
            headers = {"Content-Type": getattr(media_type, "value", media_type), **self.headers}
            request.scope["state"][_ANSWER] = Answer(status_code, headers, body.decode())


def key_of(request: Request[Any, Any, Any]) -> str | None:
    """The key of a POST that bears one. Raises MalformedError for what is none."""
    values = header_values(request.scope, HEADER.encode()) if request.method == "POST" else []
    if not values:
        return None
    if len(values) > 1 or not _KEY.fullmatch(values[0]):
        raise MalformedError("Idempotency-Key is not one value of 1 to 255 printable ASCII characters.")
    return values[0]


async def carry_key(request: Request[Any, Any, Any], session: Session) -> None:
    """Gives the session the request's key, for the person's turn to look up."""
    if key := key_of(request):
        carry(session, Retry(key, await _fingerprint_of(cast(StrictRequest, request))))


async def keep(request: Request[Any, Any, Any], session: Session) -> None:
    """Keeps the answer, in the transaction of what it is the answer to."""
    if key_of(request):
        await keep_answer(session, request.scope["state"].get(_ANSWER))


def replayed(answer: Answer) -> Response[bytes]:
    """The answer that was kept, marked as what it is."""
    headers = {**answer.headers, "Idempotency-Replayed": "true"}
    media_type = headers.pop("Content-Type")
    return Response(answer.body.encode(), status_code=answer.status, headers=headers, media_type=media_type)


async def _fingerprint_of(request: StrictRequest) -> str:
    body = await request.received()
    content_type = ",".join(header_values(request.scope, b"content-type"))
    path, query = request.scope["path"], request.scope["query_string"]
    digest = sha256()
    for part in (
        request.method.encode(),
        path.encode("utf-8", "surrogatepass"),
        query,
        content_type.encode(),
        body,
    ):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
