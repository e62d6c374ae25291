"""A question before data is destroyed, at a real terminal: whatever is not "yes" leaves all as it was."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.migrations.running import environment, look
from tests.migrations.test_schema import counts
from tests.models.rows import add_rows

RESET = Path(__file__).resolve().parents[3] / "scripts" / "reset_db.py"
SECONDS = 30


def answered(url: str, keys: bytes) -> tuple[int, str]:
    """The exit code of a reset that is answered so, and all that stood on its screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, RESET],
        env=environment(url),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    screen = b""
    with process, os.fdopen(ours, "r+b", buffering=0) as terminal:
        while b"Write yes to go on: " not in screen:
            screen += terminal.read(4096)
        if keys == b"\x03":  # the session has no terminal of its own to make a signal of the key
            process.send_signal(signal.SIGINT)
        else:
            terminal.write(keys)
        until = time.monotonic() + SECONDS
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
        try:
            screen += terminal.read(4096)
        except OSError:  # all was read
            return process.wait(), screen.decode()
    return process.wait(), screen.decode()


@pytest.mark.parametrize("keys", [b"\x03", b"\x04", b"no\n"], ids=["Ctrl-C", "Ctrl-D", "no"])
async def test_whatever_is_no_yes_leaves_it(database_url: str, keys: bytes) -> None:
    await look(database_url, add_rows)
    held = await look(database_url, counts)
    code, screen = answered(database_url, keys)
    assert code == 2
    assert "Left as it was." in screen
    assert "Traceback" not in screen
    assert await look(database_url, counts) == held
