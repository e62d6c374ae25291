"""The live feed of real servers: two on one database wake each other, and a stop holds nobody up."""

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from app.__main__ import GRACE_SECONDS
from tests import test_main_process as processes
from tests.api.changes.calls import CHANGES
from tests.api.tasks.calls import add
from tests.test_main_process import ISSUER, SECRET, Start, environment, free_port, said_until_ready

start = processes.start

SOON = 2.0
"""Less than the time between two looks of who hears of nothing."""
LISTENING = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (query ILIKE 'LISTEN%' OR query ILIKE '%pg_notify%')
"""


def token_of(user_id: str) -> str:
    claims = {"iss": ISSUER, "aud": ISSUER, "sub": user_id, "exp": int(time.time()) + 300}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))


@asynccontextmanager
async def alice_at(port: int) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {token_of('alice')}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
        yield client


@asynccontextmanager
async def streaming(client: httpx.AsyncClient) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a stream of theirs, from its beginning on."""
    async with client.stream("GET", f"{CHANGES}/stream") as answer:
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        assert await anext(lines) == "retry: 3000"
        yield lines


async def next_row(lines: AsyncIterator[str]) -> Any:
    async for line in lines:
        if line.startswith("data: "):
            return json.loads(line.removeprefix("data: "))["row"]
    raise AssertionError("the stream has ended")


async def started(start: Start, folder: Path, url: str) -> "tuple[int, subprocess.Popen[str]]":
    """A server on the database, and its port."""
    port = free_port()
    process = start({**environment(folder, port), "DATABASE_URL": url, "AUTO_MIGRATE": "false"})
    await asyncio.to_thread(said_until_ready, process)
    return port, process


async def listeners_on(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        count: int = await connection.fetchval(LISTENING)
        return count
    finally:
        await connection.close()


@pytest.mark.parametrize("pooled", [False, True])
async def test_two_on_one_database_wake_each_other(
    start: Start, tmp_path: Path, postgres_database_url: str, pooled: bool
) -> None:
    url = f"{postgres_database_url}?pgbouncer=true" if pooled else postgres_database_url
    (one, _), (other, _) = await started(start, tmp_path, url), await started(start, tmp_path, url)
    async with alice_at(one) as here, alice_at(other) as there, streaming(there) as lines:
        first = await add(here)
        async with asyncio.timeout(8):
            assert await next_row(lines) == first
        for _ in range(100):
            if pooled or await listeners_on(postgres_database_url) == 2:
                break
            await asyncio.sleep(0.05)
        assert await listeners_on(postgres_database_url) == (0 if pooled else 2)
        for _ in range(0 if pooled else 4):
            task = await add(here)
            async with asyncio.timeout(SOON):
                assert await next_row(lines) == task
        since = (await there.get(CHANGES)).json()["next"]
        held = asyncio.create_task(there.get(CHANGES, params={"since": since, "wait": 25}))
        await asyncio.sleep(0.3)
        task = await add(here)
        async with asyncio.timeout(8 if pooled else SOON):
            assert [item["row"] for item in (await held).json()["items"]] == [task]


async def test_told_to_stop_it_lets_go_of_all_who_wait(
    start: Start, tmp_path: Path, database_url: str
) -> None:
    port, process = await started(start, tmp_path, database_url)
    async with alice_at(port) as alice:
        for number in range(150):
            await add(alice, title=f"{number}", description="é" * 20_000)
        since = (await alice.get(CHANGES, params={"limit": 1000})).json()["next"]
        held = asyncio.create_task(alice.get(CHANGES, params={"since": since, "wait": 25}))
        with stuck_reader(port):
            async with alice.stream("GET", f"{CHANGES}/stream", params={"since": since}) as answer:
                lines = answer.aiter_lines()
                assert await anext(lines) == "retry: 3000"
                await asyncio.sleep(0.5)
                told_at = time.monotonic()
                process.terminate()
                assert [line async for line in lines if line] == []
                assert time.monotonic() - told_at < 1
            assert (await held).json() == {"items": [], "next": since, "more": False}
            _, errors = await asyncio.to_thread(process.communicate, timeout=10)
            assert time.monotonic() - told_at < GRACE_SECONDS / 2
    assert process.returncode == 0
    lines_said = [json.loads(line) for line in errors.splitlines()]
    assert {line["level"] for line in lines_said} == {"info"}


def stuck_reader(port: int) -> socket.socket:
    """Alice again, who asks for the whole stream and takes nothing of it."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    head = f"GET {CHANGES}/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token_of('alice')}\r\n\r\n"
    sock.sendall(head.encode())
    return sock
