"""The README's commands, as a new user would type them, against a real server on both engines."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import ISSUER, SECRET, token_of
from tests.test_main_process import environment, free_port, said_until_ready

README = Path(__file__).resolve().parents[2] / "README.md"

# An answer that is an error fails the script, and nothing is told of progress.
STRICT = """set -eu
curl() { command curl -sS --fail-with-body "$@"; echo; }
"""


def commands(section: str) -> str:
    """What a section of the README shows to be typed, without what starts and stops things."""
    text = README.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "".join(line for line in "".join(blocks).splitlines(keepends=True) if "make " not in line)


@pytest.fixture
def port(database_url: str, tmp_path: Path) -> Iterator[int]:
    """Where a server of the test's own listens."""
    number = free_port()
    env = environment(tmp_path, number) | {
        "DATABASE_URL": database_url,
        "AUTH_ISSUER": ISSUER,
        "AUTH_SECRET": SECRET,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "app"],
        env=env,
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        said_until_ready(process)
        yield number
    finally:
        process.terminate()
        process.communicate()


async def typed(script: str, port: int, folder: Path) -> str:
    """What a shell says to the script."""
    script = STRICT + script.replace("127.0.0.1:2100", f"127.0.0.1:{port}")
    done = await asyncio.to_thread(
        subprocess.run,
        ["/bin/sh", "-c", script],
        env={"PATH": os.environ["PATH"], "TOKEN": token_of("alice"), "TZ": "Europe/Berlin"},
        cwd=folder,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_the_first_commands_make_list_change_and_restore_a_task(port: int, tmp_path: Path) -> None:
    said = await typed(commands("Run it"), port, tmp_path)
    assert said.count('"title":"Water the plants"') >= 5
    assert '"total":1' in said
    assert '"completed":true' in said


async def test_a_days_work_is_started_switched_stopped_and_reported(port: int, tmp_path: Path) -> None:
    said = await typed(commands("Run it") + commands("A day's work"), port, tmp_path)
    documents = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    report = next(document for document in documents if "rows" in document)
    assert report["tz"] == "Europe/Berlin"
    assert report["group"] == ["day", "time_code"]
    assert (report["entries"], report["running"]) == (4, False)
    assert report["total_seconds"] >= 5400 + 1800
    assert {row["time_code"] for row in report["rows"]} == {"ACME", None}
    assert "day,time_code_id,time_code,time_code_name,seconds,entries" in said.replace("\r", "")
    assert "<svg" in (tmp_path / "day.svg").read_text()
