"""The load generator's process, as the benchmark talks to it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from app.core.operating import FailedError
from bench.load import Job, Outcome
from bench.servers import PATHS


class Generator:
    """Gives jobs to the process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def drive(self, job: Job) -> Outcome:
        """Do a job. Raises FailedError where an answer was not what it should be."""
        told, heard = self._process.stdin, self._process.stdout
        if told is None or heard is None:
            raise FailedError("the load generator has no pipes")
        told.write(msgspec.json.encode(job) + b"\n")
        await told.drain()
        line = await heard.readline()
        if not line:
            raise FailedError("the load generator is gone")
        return msgspec.json.decode(line, type=Outcome)


@asynccontextmanager
async def generating() -> AsyncIterator[Generator]:
    """The process, for as long as the block runs."""
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "bench.load"]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, env=PATHS, start_new_session=True
    )
    try:
        yield Generator(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
