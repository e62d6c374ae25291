"""Server-sent events (the HTML standard, §9.2): how they are written, and the response that carries them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from litestar import Request
from litestar.response import Stream
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Send

EVENT_STREAM: Final = "text/event-stream"
RETRY: Final = b"retry: 3000\n\n"
"""Milliseconds until a client that lost the connection calls again."""
KEEP_ALIVE: Final = b": keep-alive\n\n"
KEEP_ALIVE_SECONDS: Final = 15.0


def event(name: str, data: bytes, id_: object) -> bytes:
    """One event; `data` is JSON without line feeds, `id_` where to go on after it."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(id_).encode(), name.encode(), data)


def place(id_: object) -> bytes:
    """Where to go on, without an event: clients take note of it, and tell nobody."""
    return b"id: %b\n\n" % str(id_).encode()


class EventStream(Stream):
    """An answer that goes on until its events end. Whoever makes the events sees to it that they do."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        # Proxies that collect answers before they pass them on are asked not to.
        self.events = events
        super().__init__(events, media_type=EVENT_STREAM, headers={"X-Accel-Buffering": "no"})

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **_: Any) -> ASGIResponse:  # noqa: ARG002 (its signature)
        """The response as the server runs it."""
        headers = {name: str(value) for name, value in self.headers.items()}
        return _Events(iterator=self.events, headers=headers, media_type=EVENT_STREAM, status_code=200)


class _Events(ASGIStreamingResponse):
    async def send_body(self, send: Send, receive: Receive) -> None:  # noqa: ARG002 (its signature)
        """Each part once the one before is taken; what the events hold is let go of at once, at any end.

        Litestar's own way cancels a stream whose client left, again and again, in the middle of a read.
        """
        async with aclosing(self.iterator):  # type: ignore[type-var] # it is a generator, see above
            await self._stream(send)
