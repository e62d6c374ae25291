"""An operator's command run within the tests' own process: what it said, and its exit code."""

import asyncio
import io
import json
import os
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest import mock

from tests.migrations.running import environment

Main = Callable[[list[str] | None], int]


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
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment(url) | settings, clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code = await asyncio.to_thread(main, [str(argument) for argument in arguments])
        except SystemExit as exit_:  # so does argparse
            code = int(str(exit_.code))
    return Ran(code, out.getvalue(), err.getvalue())
