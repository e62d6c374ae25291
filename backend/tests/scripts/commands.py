"""Running an operator's command in this process, or in one of its own that is killed in the midst of it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.migrations.running import environment
from tests.service import settings_for

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"

# All revisions are through, and nothing is committed: there it stays until it is killed.
MIDWAY = """
import importlib, sys
sys.path[:0] = sys.argv[1:3]
from app.core.db import migration_run
run = migration_run.run_revisions
def run_and_wait(*given):
    run(*given)
    print("midway", flush=True)
    sys.stdin.readline()
migration_run.run_revisions = run_and_wait
sys.exit(importlib.import_module(sys.argv[3]).main(sys.argv[4:]))
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Operator:
    """Runs commands against databases, with the settings that a test gives."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    async def run(self, script: ModuleType, url: str, *arguments: str, **settings: Any) -> Outcome:
        """The command's exit code and what it said."""
        self.monkeypatch.setattr(script, "load_settings", lambda: settings_for(url, **settings))
        self.capsys.readouterr()
        code = await asyncio.to_thread(script.main, list(arguments))
        said = self.capsys.readouterr()
        return Outcome(code, said.out, said.err)


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
