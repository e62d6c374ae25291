"""A person who listens to the stream of changes: the app called by hand, as a server calls it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
from litestar import Litestar

from tests.api.changes.calls import CHANGES
from tests.service import token_of

LATE = 30.0
"""Far beyond what anything here takes."""


class Event(NamedTuple):
    """An event, as a browser would see it."""

    id: str
    name: str
    data: Any


class Listener:
    """What a server knows of a client: what was sent to it, and whether it is still there.

    `slow` takes no more than one message before `take` is called.
    """

    def __init__(self, *, slow: bool = False) -> None:
        self.sent: asyncio.Queue[Any] = asyncio.Queue(1 if slow else 0)
        self.gone = asyncio.Event()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.last_id = ""
        self._said: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]
        self._blocks: list[str] = []

    async def receive(self) -> Any:
        if self._said:
            return self._said.pop()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if not self.gone.is_set():
            await self.sent.put(message)

    async def take(self) -> bytes | None:
        """The next part of the body; None at its end."""
        async with asyncio.timeout(LATE):
            message = await self.sent.get()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return await self.take()
        body: bytes = message["body"]
        return body if message["more_body"] else body or None

    async def block(self) -> str | None:
        """The next block of lines: an event, a comment, a place; None at the end."""
        while not self._blocks:
            part = await self.take()
            if part is None:
                return None
            assert part.endswith(b"\n\n")
            self._blocks = part.decode().removesuffix("\n\n").split("\n\n")
        return self._blocks.pop(0)

    async def event(self) -> Event | None:
        """The next event, however many other blocks come before it; None at the end."""
        while (block := await self.block()) is not None:
            lines = [line.partition(": ") for line in block.split("\n")]
            fields = {name.rstrip(":"): value for name, _, value in lines if name}
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                return Event(self.last_id, fields["event"], msgspec.json.decode(fields["data"]))
        return None

    async def events(self, count: int) -> list[Event]:
        """So many events."""
        found = [await self.event() for _ in range(count)]
        assert None not in found
        return [event for event in found if event]


@asynccontextmanager
async def listening(
    app: Litestar,
    user_id: str = "alice",
    query: str = "",
    *,
    path: str = f"{CHANGES}/stream",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    lifetime_seconds: int = 900,
    slow: bool = False,
) -> AsyncIterator[tuple[Listener, "asyncio.Task[None]"]]:
    """A listener, and the task that serves them. At the end they leave, and the task ends."""
    listener = Listener(slow=slow)
    given = {"authorization": f"Bearer {token_of(user_id, lifetime_seconds)}", **(headers or {})}
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2100),
        "state": {},
    }
    run: Any = app(scope, listener.receive, listener.send)
    task = asyncio.ensure_future(run)
    try:
        yield listener, task
    finally:
        listener.gone.set()
        while not listener.sent.empty():
            listener.sent.get_nowait()
        await asyncio.wait([task], timeout=LATE)
        assert task.done()
    if not task.cancelled():
        task.result()
