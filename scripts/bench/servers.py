"""The contenders as processes: started, waited for, stopped."""

import asyncio
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO, Final

import msgspec

from app.core.config import PROJECT_ROOT
from app.core.operating import FailedError
from bench.contenders.serving import Given
from bench.contenders.tokens import Rules

MODULES: Final = {
    "wire": "bench.contenders.wire",
    "daybook": "app",
    "fastapi": "bench.contenders.fastapi_sync",
    "litestar-orm": "bench.contenders.litestar_orm",
}
"""The contenders by name, the reference first."""
PATHS: Final = {"PYTHONPATH": os.pathsep.join(str(PROJECT_ROOT / name) for name in ("backend", "scripts"))}
"""All that a process of ours sees of an environment, so that nobody's own settings are measured."""
RULES: Final = Rules(issuer="https://issuer.example.com", secret=secrets.token_hex(32))
WAIT_SECONDS: Final = "60"
"""As long as the peers: by default Daybook answers 503 after three, which no other does."""
START_SECONDS: Final = 60
STOP_SECONDS: Final = 15


@dataclass(frozen=True)
class Server:
    """A contender that serves."""

    name: str
    url: str
    port: int
    pid: int


@asynccontextmanager
async def serving(name: str, url: str, **settings: str) -> AsyncIterator[Server]:
    """The contender on this database, ready, for as long as the block runs.

    `settings` are Daybook's, beside those that it needs. Raises FailedError where it does not come up.
    """
    port = _free_port()
    environment = PATHS | (_settings(url, port) | settings if name == "daybook" else {})
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", MODULES[name]),
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us, who stop it
        )
        try:
            await _tell(process, Given(url, port, RULES))
            await _ready(process, port, name, log)
            yield Server(name, url, port, process.pid)
        finally:
            await _stop(process)


@asynccontextmanager
async def serving_all(urls: Mapping[str, str]) -> AsyncIterator[list[Server]]:
    """As `serving`, for contenders by name, all coming up at once."""
    async with AsyncExitStack() as stack:
        coming = (stack.enter_async_context(serving(name, url)) for name, url in urls.items())
        made = await asyncio.gather(*coming, return_exceptions=True)
        for each in made:
            if isinstance(each, BaseException):
                raise each
        yield [each for each in made if isinstance(each, Server)]


def _settings(url: str, port: int) -> dict[str, str]:
    """Daybook's own, as in production: its log of requests is written, to a file."""
    return {
        "DATABASE_URL": url,
        "MIGRATION_DATABASE_URL": url,
        "AUTO_MIGRATE": "false",
        "ENVIRONMENT": "production",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "LOG_LEVEL": "INFO",
        "DB_POOL_SIZE": "10",
        "DB_MAX_OVERFLOW": "0",
        "DB_POOL_TIMEOUT_SECONDS": WAIT_SECONDS,
        "DB_COMMAND_TIMEOUT_SECONDS": WAIT_SECONDS,
        "AUTH_ISSUER": RULES.issuer,
        "AUTH_SECRET": RULES.secret,
    }


async def _tell(process: asyncio.subprocess.Process, given: Given) -> None:
    """Daybook doesn't listen to it."""
    if process.stdin:
        with suppress(ConnectionError):
            process.stdin.write(msgspec.json.encode(given) + b"\n")
            await process.stdin.drain()


async def _ready(process: asyncio.subprocess.Process, port: int, name: str, log: IO[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while process.returncode is None and time.monotonic() < until:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.02)
    log.seek(0)
    said = log.read().decode(errors="replace").strip().splitlines()
    raise FailedError(f"{name} did not start: {said[-1][:300] if said else 'it says nothing'}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
