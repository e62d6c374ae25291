"""How a contender is told what to serve, and served: one line of JSON on standard input, then Uvicorn."""

import os
import sys
import threading
from typing import Any

import msgspec
import uvicorn

from bench.contenders.tokens import Rules


class Given(msgspec.Struct, frozen=True):
    """What a contender needs to know. Not in its arguments, where everybody on the machine could read it."""

    url: str
    port: int
    rules: Rules


def given() -> Given:
    """The line on standard input; when that closes, whoever started us is gone, and so are we."""
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_leave_with_starter, daemon=True).start()
    return msgspec.json.decode(line, type=Given)


def serve(app: Any, port: int) -> None:
    """Serve the app on loopback: one worker, uvloop and httptools, no access log."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
    )


def _leave_with_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
