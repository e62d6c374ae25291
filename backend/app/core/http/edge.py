"""The edge of the service: what every request gets and every answer carries.

A request id, the headers of safety, caching and CORS, HEAD wherever there is a GET, one line in the log,
and the promise that a write begun is finished: a cancelled request does not tear its transaction.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from time import perf_counter
from typing import Any, Final, TypeVar, cast

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    HTTPResponseStartEvent,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
)
from litestar.utils import normalize_path

from app.core.errors import MalformedError, RequestTimeoutError
from app.core.http.again import run_again
from app.core.http.allow import SAFE_METHODS, allow_of, with_head
from app.core.http.answers import API_PATH
from app.core.http.cors import cors_headers
from app.core.ids import new_text
from app.core.logs import tell

BODY_SECONDS: Final = 30
"""For a whole body: 256 KiB at the pace of an old telephone line."""
REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
METHOD_LOGGED: Final = 20
PATH_LOGGED: Final = 200
SECURITY_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
SAFETY: Final = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
TAGGED: Final = (b"cache-control", b"private, no-cache")
UNTAGGED: Final = (b"cache-control", b"no-store")

T = TypeVar("T")
log = logging.getLogger("app.requests")


class Edge:
    """Wraps `inner`, the application's handler; pure ASGI, since it sees each byte of every answer."""

    def __init__(self, app: Litestar, inner: ASGIApp, origins: Collection[str] = ()) -> None:
        self.app = app
        self.inner = inner
        self.origins = frozenset(origins)
        self.body_seconds: float = BODY_SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != ScopeType.HTTP:
            await self.inner(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, self.origins, self.body_seconds)
        try:
            if exchange.method in SAFE_METHODS:
                await self._answer(exchange)  # cancelled, it leaves nothing half done
            else:
                await exchange.finish(self._answer(exchange))
        finally:
            exchange.log()

    async def _answer(self, exchange: "Exchange") -> None:
        if exchange.method == "OPTIONS" and (allow := allow_of(self.app, exchange.scope["path"])):
            await exchange.tell_options(allow)
        else:
            await run_again(self.inner, exchange.scope, exchange.receive, exchange.send)


class Exchange:
    """One request and its answer on the way through the edge; a `status` of 0 is no answer yet."""

    def __init__(
        self,
        scope: HTTPScope,
        receive: Receive,
        send: Send,
        origins: Collection[str],
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self.began = perf_counter()
        self.body_seconds = body_seconds
        self.outer_receive = receive
        self.outer_send = send
        self.origins = origins
        self.method: str = scope["method"]
        self.path = path_to_log(scope["path"])
        self.request_id = request_id_of(scope)
        self.status = 0
        self.is_cancelled = False
        self.is_with_client = False
        self.is_complete = False
        # HEAD is GET without the body (RFC 9110 §9.3.2); the server keeps its own scope and sees HEAD.
        inner = {**scope, "method": "GET" if self.method == "HEAD" else self.method}
        inner["state"] = {**scope.get("state", {}), "request_id": self.request_id}
        self.scope = cast(HTTPScope, inner)

    async def finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs the work to its end even when the caller is cancelled, who then learns of it.

        Whoever cancels in mid-write could not tell whether it was written. Only waiting for the client,
        who is gone, ends at once.
        """
        task = asyncio.ensure_future(work)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            self.is_cancelled = True
            while not task.done():
                if self.is_with_client:
                    task.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({task})
            raise

    async def receive(self) -> HTTPReceiveMessage:
        """What the client sends, of the body in bounded time.

        Raises RequestTimeoutError then, and MalformedError where it leaves before it has said all.
        """
        if self.status:
            return cast(HTTPReceiveMessage, await self._with_client(self.outer_receive))
        try:
            async with asyncio.timeout(self.began + self.body_seconds - perf_counter()):
                message = cast(HTTPReceiveMessage, await self._with_client(self.outer_receive))
        except TimeoutError:
            raise RequestTimeoutError("The body did not arrive in time.") from None
        if message["type"] == "http.disconnect":
            raise MalformedError("The connection was closed before the end of the body.")
        return message

    async def send(self, message: Message) -> None:
        """Passes the answer on, with the headers that every answer carries."""
        if self.is_complete:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.complete(message)
        elif message["type"] == "http.response.body":
            if self.method == "HEAD":
                message |= {"body": b"", "more_body": False}
            self.is_complete = not message.get("more_body", False)
        await self._with_client(lambda: self.outer_send(message))

    async def tell_options(self, allow: str) -> None:
        """Answers OPTIONS (RFC 9110 §9.3.7), a browser's preflight included."""
        headers = [(b"allow", allow.encode())]
        await self.send({"type": "http.response.start", "status": 204, "headers": headers})
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _with_client(self, talk: Callable[[], Awaitable[T]]) -> T:
        if self.is_cancelled:
            raise asyncio.CancelledError
        self.is_with_client = True
        try:
            return await talk()
        finally:
            self.is_with_client = False

    def complete(self, start: HTTPResponseStartEvent) -> None:
        """Adds what is missing to the headers of an answer."""
        headers = [(name.lower(), value) for name, value in start["headers"]]
        given = dict(headers)
        headers.append((b"x-request-id", self.request_id.encode()))
        headers += [header for header in SAFETY if header[0] not in given]
        if b"cache-control" not in given:
            headers.append(TAGGED if b"etag" in given else UNTAGGED)
        allow = given.get(b"allow")
        if allow is not None:
            allow = with_head(allow.decode()).encode()
            headers = [header for header in headers if header[0] != b"allow"] + [(b"allow", allow)]
        if self.origins:
            headers += cors_headers(self.scope, self.origins, allow)
        if varies := self._varies_by(given.get(b"vary")):
            headers = [header for header in headers if header[0] != b"vary"] + [(b"vary", varies)]
        start["headers"] = headers

    def _varies_by(self, more: bytes | None) -> bytes:
        """The request's headers that the answer depends on, whether or not this request has them.

        `more` are those that the answer itself names.
        """
        path = self.scope["path"]
        # As the router sees it, which leaves alone what begins like this.
        is_of_api = path.startswith(API_PATH) or normalize_path(path).startswith(API_PATH)
        names = [b"Authorization"] if is_of_api else []
        names += [more] if more else []
        return b", ".join([*names, b"Origin"] if self.origins else names)

    def log(self) -> None:
        """One line: never a token, a body or a value of the query string."""
        fields = {
            "request_id": self.request_id,
            "method": self.method[:METHOD_LOGGED],
            "path": self.path,
            "status": self.status,
            "milliseconds": round((perf_counter() - self.began) * 1000, 1),
        }
        tell(log, "request", fields)


def path_to_log(path: str) -> str:
    """The path, without what looks like a query once decoded; nothing of a target with a host, or a name."""
    return path.partition("?")[0][:PATH_LOGGED] if path.startswith("/") else "-"


def request_id_of(scope: HTTPScope) -> str:
    """The client's X-Request-ID where it is fit to be logged, else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode("ascii") if REQUEST_ID.fullmatch(given) else new_text()
