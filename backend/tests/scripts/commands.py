"""Running an operator's command in this process, or in one of its own that is killed in the midst of it."""

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tests.migrations.running import environment
from tests.service import ISSUER, SECRET

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"

# All revisions are through, and nothing is committed: there it stays until it is killed.
MIDWAY = """
import importlib, sys
sys.path[:0] = sys.argv[1:3]
from app.core.db.migrations import running
run = running.run_revisions
def run_and_wait(*given):
    run(*given)
    print("midway", flush=True)
    sys.stdin.readline()
running.run_revisions = run_and_wait
sys.exit(importlib.import_module(sys.argv[3]).main(sys.argv[4:]))
"""


Main = Callable[[list[str] | None], int]
PRODUCTION = {"ENVIRONMENT": "production", "AUTH_ISSUER": ISSUER, "AUTH_SECRET": SECRET}


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        """What it said with --json."""
        found: dict[str, Any] = json.loads(self.out)
        return found


async def ran(main: Main, url: str, *arguments: object, **settings: str) -> Ran:
    """Run a command's `main` with this database, and no setting of the machine's but those given."""
    return await asyncio.to_thread(_ran, main, url, *arguments, **settings)


def ran_meanwhile(main: Main, url: str, *arguments: object, **settings: str) -> Ran:
    """The same for whoever is in the midst of a transaction: nothing else goes on while it runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_ran, main, url, *arguments, **settings).result()


def _ran(main: Main, url: str, *arguments: object, **settings: str) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment(url) | settings, clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as exit_:  # so does argparse
            code = int(str(exit_.code))
    return Ran(code, out.getvalue(), err.getvalue())


@contextmanager
def midway(url: str, script: str, *arguments: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of the command that has migrated and not committed; it is killed when the block ends."""
    folders = [str(SCRIPTS), str(SCRIPTS.parent / "backend")]
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", MIDWAY, *folders, script, *arguments],
        env=environment(url),
        cwd=cwd,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "midway\n"
        try:
            yield process
        finally:
            process.kill()
