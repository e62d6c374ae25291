"""Connections of clients: how many there are, and how long each may take to ask and to listen.

A client may fall silent anywhere. Uvicorn bounds the silence between two requests alone; here are the
rest, and what its fast parser leaves open: how long a head may be, and what counts as target and header.
"""

import asyncio
import logging
from enum import Enum
from math import inf
from typing import ClassVar, Final
from urllib.parse import unquote

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

OTHER_FILES: Final = 200
"""Descriptors left to the database, the log, and connections that are accepted only to be refused."""
COMPLAINT_SECONDS: Final = 60

log = logging.getLogger(__name__)


def connections_allowed() -> int:
    """How many connections a process may hold: fewer than the files that it may have open."""
    try:
        import resource
    except ImportError:  # not on Windows
        return 900
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 10_000 if files == resource.RLIM_INFINITY else min(max(files - OTHER_FILES, 100), 10_000)


class Said(Enum):
    """How far the client is with what it says."""

    NOTHING = "between two requests"
    HEAD = "in a head"
    BODY = "in a body"


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 for clients who are slow, gone or hostile: no state of a connection lasts for ever.

    Where a body that is half here is awaited by the app, the app's own clock runs (see the edge).
    """

    head_seconds: float = 10
    """For a head: from the connection's start, later from its first byte."""
    rest_seconds: float = 5
    """For the rest of a body that was answered before it was all said. Closing at once would reset the
    connection under a client who still sends, and it would lose the answer."""
    rest_bytes: int = 8 * 1024 * 1024
    reader_seconds: float = 60
    """For a client who takes nothing of what waits for it."""
    stop_seconds: float = 1.5
    """For the rest of a body once the service is told to stop: nothing was promised for a part of one.
    For a client who takes nothing, too: a stream has no end that it could be given."""
    connections_max: int = connections_allowed()
    head_bytes: int = 32 * 1024
    """Of a head that is not all here, or of what follows a body."""

    _complained_at: ClassVar[float] = -inf
    _said: Said = Said.NOTHING
    _unread: int = 0
    _is_over: bool = False
    _owed: str | None = None
    _rest: int = 0
    _owed_timer: asyncio.TimerHandle | None = None
    _reader_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in HttpToolsProtocol
        """Refuse one too many; wait for the head of the first request."""
        super().connection_made(transport)
        if len(self.connections) > self.connections_max:
            transport.abort()
            self._complain()
        else:
            self._expect("head", self.head_seconds)

    def data_received(self, data: bytes) -> None:
        """Take it, and see what the client owes now."""
        if self._is_over:
            return
        self._unread += len(data)
        super().data_received(data)
        if self._unread > self.head_bytes:
            self.send_400_response("The head of the request is too long.")
        self._expect(*self._owes())
        self._rest = self._rest + len(data) if self._owed == "rest" else 0
        if self._rest > self.rest_bytes:
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._said = Said.HEAD

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those after the body come too late to count (RFC 9110 §6.5.1)."""
        if self._said is Said.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is here. The target is taken as it was said: a host in it is none of ours.

        Raises ValueError, which the parser takes for a request that is not HTTP: without one Host
        (RFC 9112 §3.2), or with a target that is not ASCII.
        """
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            raise ValueError("Expected one Host")
        raw_path, _, query = self.url.partition(b"?")
        path = raw_path.decode("ascii")
        self.url = b"/"
        super().on_headers_complete()
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"], self.scope["query_string"] = raw_path, query
        self._said, self._unread = Said.BODY, 0

    def on_body(self, body: bytes) -> None:
        """A part of the body is here."""
        super().on_body(body)
        self._unread = 0

    def on_message_complete(self) -> None:
        """All of the request is here."""
        super().on_message_complete()
        self._said, self._unread = Said.NOTHING, 0

    def on_response_complete(self) -> None:
        """Go on with what was sent meanwhile, and see whether the client takes the answer.

        Nothing more is read while requests wait that were sent before: they would add up.
        """
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()
        self._expect(*self._owes())
        self._watch_reader()

    def pause_writing(self) -> None:
        """Let the app wait for the client, though not for ever."""
        super().pause_writing()
        self._watch_reader()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, once; amid or after an answer there is no other answer to give."""
        self._is_over = True
        if self._is_answering() and self._said is not Said.BODY:
            self.cycle.keep_alive = False  # what was asked before it gets its answer
        elif self.pipeline or (self._said is Said.BODY and self.cycle.response_started):
            self.transport.close()
        else:
            super().send_400_response(msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Answer as if no upgrade had been asked for (RFC 9110 §7.8): what follows may not be HTTP."""
        self._is_over = True
        self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Stop once the request that is being answered has its answer."""
        super().shutdown()
        self.loop.call_later(self.stop_seconds, self._drop_half_said)
        self.reader_seconds = min(self.reader_seconds, self.stop_seconds)
        self._watch_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clocks."""
        super().connection_lost(exc)
        for timer in (self._owed_timer, self._reader_timer):
            if timer:
                timer.cancel()

    def _expect(self, owed: str | None, seconds: float) -> None:
        """Sets the clock for what the client owes; it runs on while that stays the same thing."""
        if owed == self._owed:
            return
        self._owed = owed
        if self._owed_timer:
            self._owed_timer.cancel()
        self._owed_timer = self.loop.call_later(seconds, self.transport.close) if owed else None

    def _owes(self) -> tuple[str | None, float]:
        """What we wait for, and for how long; None where the client waits for us."""
        if self.transport.is_closing() or self._is_answering():
            return None, 0
        if self._said is Said.BODY:
            return "rest", self.rest_seconds
        if self._said is Said.HEAD or self.cycle is None:
            return "head", self.head_seconds
        # Uvicorn's own clock for this one stands still after the rest of an answered body.
        return "next request", self.timeout_keep_alive

    def _is_answering(self) -> bool:
        """Whether the app has still to answer what was asked; a request sent early waits for its turn."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _watch_reader(self) -> None:
        """Looks again later whether less is waiting than now. Whoever writes more calls this again."""
        if self._reader_timer:
            self._reader_timer.cancel()
        waiting = self.transport.get_write_buffer_size()
        self._reader_timer = (
            self.loop.call_later(self.reader_seconds, self._drop_if_stuck, waiting) if waiting else None
        )

    def _drop_if_stuck(self, before: int) -> None:
        if self.transport.get_write_buffer_size() >= before:
            self.transport.abort()
        else:
            self._watch_reader()

    def _drop_half_said(self) -> None:
        if self._said is Said.BODY and not self.cycle.response_started and not self.pipeline:
            self.transport.close()

    def _complain(self) -> None:
        now = self.loop.time()
        if now - BoundedProtocol._complained_at >= COMPLAINT_SECONDS:
            BoundedProtocol._complained_at = now
            log.warning("connections are refused: %d are open", self.connections_max)
