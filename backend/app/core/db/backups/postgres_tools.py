"""pg_dump and pg_restore: whether they are here, where they are told to go, and what they say."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from app.core.db.url import DatabaseUrl
from app.core.operating import FailedError

Name = Literal["pg_dump", "pg_restore"]
VERSION_SECONDS: Final = 10
SAID_MAX: Final = 300
_MAJOR: Final = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True)
class Tool:
    """One of Postgres's programs: where it is, and of which major version."""

    path: str
    major: int


def tool(name: Name, folder: Path | None) -> Tool | None:
    """The program in that folder, or else wherever the shell would find it; None where it doesn't run."""
    path = shutil.which(name, path=None if folder is None else str(folder))
    if path is None:
        return None
    try:
        said = subprocess.run(  # noqa: S603 (what the operator has installed)
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    found = _MAJOR.search(said.stdout)
    return Tool(path, int(found[1])) if found else None


def connection_string(database: DatabaseUrl, folder: Path) -> str:
    """Where the database is, in libpq's words (its manual, 32.1.1).

    The password goes into a file of that folder: command lines are for everybody on the machine to see.
    """
    url = database.url
    said: dict[str, object | None] = {
        "host": database.connect_args.get("host") or url.host,
        "port": url.port,
        "user": url.username,
        "dbname": url.database or url.username,
        "passfile": database.connect_args.get("passfile"),
        "client_encoding": "UTF8",
        "application_name": "daybook-backup",
        **database.libpq,
    }
    if url.password is not None:
        said["passfile"] = _pass_file(str(url.password), folder)
    return " ".join(f"{name}={_quoted(str(value))}" for name, value in said.items() if value is not None)


@asynccontextmanager
async def running(tool: Tool, *arguments: str) -> AsyncIterator[asyncio.StreamReader]:
    """What the program prints, as it comes. Raises FailedError where it fails, with its own words."""
    process = await asyncio.create_subprocess_exec(
        tool.path,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    if process.stdout is None or process.stderr is None:
        raise FailedError(f"{Path(tool.path).name} has no output")
    words = asyncio.create_task(process.stderr.read())
    try:
        yield process.stdout
        said = (await words).decode(errors="replace")
        if await process.wait():
            raise FailedError(f"{Path(tool.path).name} failed: {_reason(said)}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await words


def _pass_file(password: str, folder: Path) -> Path:
    file = folder / "pgpass"
    file.touch(mode=0o600)
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    file.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
    return file


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _reason(said: str) -> str:
    """The line that says what is wrong, among those that say where."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line]
    return (errors or lines or ["it does not say why"])[0].rpartition("error: ")[2][:SAID_MAX]
