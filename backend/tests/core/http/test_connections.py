"""Connections over real sockets: whoever is slow, silent or hostile is let go, and nobody else is."""

import asyncio
import json
import logging
import resource
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.core.http.connections import BoundedProtocol, connections_allowed
from tests.core.http.sockets import (
    CHUNKED,
    GET,
    LATE,
    SOON,
    Hasty,
    all_of,
    an_answer,
    is_open,
    serving,
    until,
)
from tests.test_main_process import environment, free_port, said_until_ready


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: "])
async def test_who_never_ends_the_first_head_is_let_go(begun: bytes) -> None:
    class Own(Hasty):
        head_seconds = SOON

    async with serving(Own) as (_, call):
        reader, writer = await call()
        writer.write(begun)
        assert await all_of(reader) == b""


async def test_a_head_that_drips_has_no_more_time(caplog: pytest.LogCaptureFixture) -> None:
    class Own(Hasty):
        head_seconds = SOON

    async with serving(Own) as (state, call):
        _, writer = await call()
        for byte in GET[:6]:
            writer.write(bytes([byte]))
            await asyncio.sleep(SOON / 4)
        assert not state.connections
    assert caplog.messages == []


@pytest.mark.parametrize("pipelined", [True, False])
async def test_a_second_head_has_its_own_time_from_its_first_byte(pipelined: bool) -> None:
    class Own(Hasty):
        head_seconds = SOON

    async with serving(Own) as (_, call):
        reader, writer = await call()
        writer.write(GET + GET[:9] if pipelined else GET)
        assert b"200 OK" in await an_answer(reader)
        if not pipelined:
            assert await is_open(reader, SOON * 2)
            writer.write(GET[:9])
        assert await all_of(reader) == b""


async def test_requests_in_a_row_or_at_once_all_get_their_answers() -> None:
    class Own(Hasty):
        head_seconds = rest_seconds = SOON

    async with serving(Own) as (_, call):
        reader, writer = await call()
        writer.write(GET.replace(b"small", b"slow"))
        assert b"200 OK" in await an_answer(reader)
        writer.write(GET * 20)
        for _ in range(20):
            assert b"200 OK" in await an_answer(reader)
        await asyncio.sleep(SOON * 2)
        writer.write(GET.replace(b"GET", b"HEAD"))
        assert b"content-length: 5" in await an_answer(reader, b"\r\n\r\n")
        writer.write(GET)
        assert (await an_answer(reader)).startswith(b"HTTP/1.1 200 OK")


async def test_who_is_idle_between_two_requests_is_let_go_even_after_a_late_rest() -> None:
    async with serving(Hasty) as (state, call):
        reader, writer = await call()
        for connection in state.connections:
            vars(connection)["timeout_keep_alive"] = SOON
        writer.write(CHUNKED)
        await an_answer(reader)
        writer.write(b"1\r\nx\r\n0\r\n\r\n")
        assert await all_of(reader) == b""


@pytest.mark.parametrize("limit", [{"rest_seconds": SOON}, {"rest_bytes": 20_000}])
async def test_a_body_that_nobody_reads_ends_soon_after_the_answer(limit: dict[str, Any]) -> None:
    async with serving(type("Own", (Hasty,), limit)) as (state, call):
        reader, writer = await call()
        writer.write(CHUNKED)
        assert b"401 Unauthorized" in await an_answer(reader)

        def go_on() -> bool:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            return not state.connections

        await until(go_on)


async def test_who_says_the_rest_after_the_answer_keeps_the_connection() -> None:
    class Own(Hasty):
        rest_seconds = SOON

    async with serving(Own) as (_, call):
        reader, writer = await call()
        writer.write(CHUNKED)
        await an_answer(reader)
        writer.write(b"1\r\nx\r\n0\r\n\r\n")
        assert await is_open(reader, SOON * 2)
        writer.write(GET)
        assert b"200 OK" in await an_answer(reader)


async def test_a_client_that_waits_to_be_told_to_continue_is_told() -> None:
    async with serving(Hasty) as (_, call):
        reader, writer = await call()
        head = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        for _ in range(2):
            writer.write(head)
            assert await an_answer(reader, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"{}")
            assert b"200 OK" in await an_answer(reader)


@pytest.mark.parametrize("path", [b"big", b"parts"])
async def test_who_takes_nothing_of_an_answer_is_let_go(path: bytes) -> None:
    class Own(Hasty):
        reader_seconds = SOON

    async with serving(Own) as (state, call):
        _, writer = await call()
        writer.write(GET.replace(b"small", path))
        await until(lambda: state.connections)
        await until(lambda: not state.connections and not state.tasks)


@pytest.mark.parametrize("path", [b"big", b"parts"])
async def test_who_takes_an_answer_slowly_gets_all_of_it(path: bytes) -> None:
    class Own(Hasty):
        reader_seconds = SOON

    async with serving(Own) as (_, call):
        reader, writer = await call()
        writer.write(GET.replace(b"small", path))
        await an_answer(reader, b"\r\n\r\n")
        left = 30_000_000
        for _ in range(10):
            left -= len(await reader.readexactly(1_500_000))
            await asyncio.sleep(SOON / 3)
        assert len(await reader.readexactly(left)) == left
        writer.write(GET)
        assert b"200 OK" in await an_answer(reader)


async def test_one_too_many_is_refused_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    class Own(Hasty):
        connections_max = 2

    BoundedProtocol._complained_at = float("-inf")
    async with serving(Own) as (_, call):
        (first, one), (second, _) = await call(), await call()
        for _ in range(3):
            assert await all_of((await call())[0]) == b""
        assert await is_open(first, SOON)
        assert await is_open(second, SOON)
        one.close()
        await asyncio.sleep(SOON)
        reader, writer = await call()
        writer.write(GET)
        assert b"200 OK" in await an_answer(reader)
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in said] == ["connections are refused: 2 are open"]


@pytest.mark.parametrize(
    ("files", "allowed"),
    [(64, 100), (1024, 824), (20_000, 10_000), (resource.RLIM_INFINITY, 10_000)],
)
def test_the_limit_leaves_files_for_the_rest(
    files: int, allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert connections_allowed() == allowed


def test_a_burst_takes_no_file_that_the_service_needs(tmp_path: Path) -> None:
    port = free_port()
    command = ["sh", "-c", 'ulimit -Sn 320; exec "$0" -m app', sys.executable]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(tmp_path, port), text=True, stdout=pipe, stderr=pipe
    ) as process:
        try:
            said_until_ready(process)
            callers = [socket.socket() for _ in range(400)]
            for caller in callers:
                caller.setblocking(False)
                caller.connect_ex(("127.0.0.1", port))
            for caller in callers:
                caller.settimeout(LATE)
            assert callers[-1].recv(1) == b""
            callers[0].sendall(GET.replace(b"small", b"health/db"))
            assert callers[0].recv(15) == b"HTTP/1.1 200 OK"
            for caller in callers:
                caller.close()
            process.terminate()
            errors = process.communicate(timeout=LATE * 2)[1]
        finally:
            process.kill()
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["message"] for line in lines if line["level"] != "info"] == [
        "connections are refused: 120 are open"
    ]


async def test_told_to_stop_it_does_not_wait_for_the_rest_of_a_body() -> None:
    async with serving(Hasty) as (state, call):
        half, writer = await call()
        writer.write(CHUNKED.replace(b"refuse", b"read"))
        whole, asked = await call()
        asked.write(GET.replace(b"small", b"slow"))
        await until(lambda: len(state.tasks) == 2)
        for connection in list(state.connections):
            connection.shutdown()
        assert await all_of(half, LATE) == b""
        assert b"200 OK" in await all_of(whole)


@pytest.mark.parametrize(
    "said",
    [
        CHUNKED + b"not a chunk\r\n",
        GET.replace(b"small", b"slow").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + b"more",
        b"\x16\x03\x01 not HTTP\r\n\r\n",
    ],
)
async def test_what_is_not_http_ends_the_connection_without_a_stack(
    said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(Hasty) as (_, call):
        reader, writer = await call()
        for byte in (said[:-6], said[-6:]):
            writer.write(byte)
            await asyncio.sleep(SOON / 3)
        await all_of(reader)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
