"""A server of one protocol and a bare app, in this process, with real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from app.core.http.connections import BoundedProtocol

SOON = 0.3
LATE = 5.0
"""Far beyond every time-out of these tests, and short enough to wait for when one of them fails."""
GET = b"GET /small HTTP/1.1\r\nHost: daybook.test\r\n\r\n"
CHUNKED = b"POST /refuse HTTP/1.1\r\nHost: daybook.test\r\nTransfer-Encoding: chunked\r\n\r\n"

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Call = Callable[[], Awaitable[Stream]]


class Hasty(BoundedProtocol):
    """Time-outs that a test can wait for: nothing but what a test is about is short."""

    head_seconds = rest_seconds = reader_seconds = LATE * 2
    stop_seconds = SOON


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """An answer that is late, big, in parts, or waits for the body, as the path says."""
    if scope["path"] == "/slow":
        await asyncio.sleep(SOON * 2)
    parts = 600 if scope["path"] == "/parts" else 1
    part = b"x" * {"/big": 30_000_000, "/parts": 50_000}.get(scope["path"], 5)
    if scope["path"] == "/read":
        message: Any = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
        if message["type"] == "http.disconnect":
            return
    headers = [(b"content-length", str(len(part) * parts).encode())]
    status = 401 if scope["path"] == "/refuse" else 200
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for number in range(parts):
        await send({"type": "http.response.body", "body": part, "more_body": number < parts - 1})


@asynccontextmanager
async def serving(protocol: type[BoundedProtocol]) -> AsyncIterator[tuple[ServerState, Call]]:
    """The app behind this protocol: what the server holds, and how to call it."""
    config = uvicorn.Config(
        answer, http=protocol, ws="none", lifespan="off", log_config=None, timeout_keep_alive=60
    )
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    writers: list[asyncio.StreamWriter] = []

    async def call() -> Stream:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # else the kernel hears for the reader
        sock.setblocking(False)
        await loop.sock_connect(sock, server.sockets[0].getsockname())
        reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
        writers.append(writer)
        return reader, writer

    try:
        yield state, call
    finally:
        server.close()
        for connection in [*writers, *state.connections]:
            connection.transport.abort()
        await until(lambda: not state.connections and not state.tasks)


async def until(is_so: Callable[[], object]) -> None:
    for _ in range(int(LATE * 300)):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not within reasonable time")


async def all_of(reader: asyncio.StreamReader, seconds: float = LATE) -> bytes:
    """What comes until the connection ends, however it ends. Raises TimeoutError where it does not."""
    said = b""
    async with asyncio.timeout(seconds):
        try:
            while part := await reader.read(65536):
                said += part
        except ConnectionError:
            pass
    return said


async def an_answer(reader: asyncio.StreamReader, end: bytes = b"xxxxx") -> bytes:
    async with asyncio.timeout(LATE):
        return await reader.readuntil(end)


async def is_open(reader: asyncio.StreamReader, seconds: float) -> bool:
    try:
        await all_of(reader, seconds)
    except TimeoutError:
        return True
    return False
