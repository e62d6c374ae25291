"""Ways to run Alembic: as a process of its own, and within this one with revisions that are made up."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from app.core.config import Settings
from app.core.db.connecting import connect
from app.core.db.migrations.revisions import INI, config, revisions
from app.core.db.url import DatabaseUrl, parse_database_url

# The command's own entry point, for several commands in one process: each start costs a second.
DRIVER = """
import shlex, sys
from alembic.config import main
for line in sys.argv[2:]:
    main(["-c", sys.argv[1], *shlex.split(line)])
"""

# Everything is loaded before the start: whoever starts late would find nothing left to do.
TOGETHER = """
import sys
sys.path.insert(0, sys.argv[3])
import app.core.db.migrations.upgrading, app.core.config, app.models
from alembic.config import main
print("ready", flush=True)
sys.stdin.readline()
main(["-c", sys.argv[1], *sys.argv[2].split()])
"""

REVISION = '''
"""{name}."""

import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = "{after}"
PREFLIGHT = {preflight!r}


def upgrade() -> None:
{body}


def downgrade() -> None:
    pass
'''


def environment(url: str) -> dict[str, str]:
    """What a process sees: this database, and no setting of the machine that the tests run on."""
    ours = {name.upper() for name in Settings.model_fields}
    rest = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    return {**rest, "DATABASE_URL": url, "MIGRATION_DATABASE_URL": url}


def alembic(url: str, *lines: str, cwd: Path, ini: Path = INI) -> subprocess.CompletedProcess[str]:
    """A process that runs these commands one after the other, and stops at the first that fails."""
    command_line = [sys.executable, "-W", "error", "-c", DRIVER, str(ini), *lines]
    return subprocess.run(
        command_line, env=environment(url), cwd=cwd, text=True, capture_output=True, timeout=60, check=False
    )


def alembic_at_once(url: str, line: str, *, count: int, cwd: Path) -> list[tuple[int, str]]:
    """So many processes that run this command at the same moment: each one's exit code and what it said."""
    with ExitStack() as stack:
        processes = [stack.enter_context(_waiting(url, line, cwd)) for _ in range(count)]
        assert [process.stdout and process.stdout.readline() for process in processes] == ["ready\n"] * count
        for process in processes:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate(timeout=60)[1] for process in processes]
        return [(process.returncode, words) for process, words in zip(processes, said, strict=True)]


def _waiting(url: str, line: str, cwd: Path) -> subprocess.Popen[str]:
    command_line = [
        sys.executable,
        "-W",
        "error",
        "-c",
        TOGETHER,
        str(INI),
        line,
        str(INI.parents[1] / "backend"),
    ]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command_line, env=environment(url), cwd=cwd, text=True, stdin=pipe, stdout=pipe, stderr=pipe
    )


def write_revision(
    folder: Path,
    name: str,
    *statements: str,
    after: str | None = None,
    preflight: dict[str, str] | None = None,
) -> str:
    """Make up a revision whose upgrade is these lines of Python."""
    folder.mkdir(exist_ok=True)
    body = "\n".join(f"    {line}" for statement in statements for line in statement.splitlines())
    text = REVISION.format(name=name, after=after or revisions().head, body=body, preflight=preflight or {})
    (folder / f"{name}.py").write_text(text)
    return name


def ini_with(folder: Path) -> Path:
    """A copy of the settings by which the revisions in this folder are beside the real ones."""
    here = str(INI.parent)
    text = INI.read_text().replace("%(here)s/versions", f"{here}/versions\n  {folder}")
    ini = folder / "alembic.ini"
    ini.write_text(text.replace("%(here)s", here))
    return ini


def parsed(url: str) -> DatabaseUrl:
    """The database that a URL names."""
    return parse_database_url(url, root=Path.cwd())


async def within(url: str, work: Callable[[Connection], Any]) -> Any:
    """Run this on a connection as migrations have it."""
    async with connect(parsed(url)) as connection:
        return await connection.run_sync(work)


async def look(url: str, work: Callable[[Connection], Any]) -> Any:
    """Run this in a transaction that is committed."""

    def in_transaction(connection: Connection) -> Any:
        with connection.begin():
            return work(connection)

    return await within(url, in_transaction)


async def alembic_here(url: str, run: Callable[[Config], Any], *, revisions: Path | None = None) -> None:
    """Run a command of Alembic's in this process; `revisions` are beside the real ones."""
    await within(url, lambda connection: alembic_on(connection, run, revisions=revisions))


def alembic_on(
    connection: Connection, run: Callable[[Config], Any], *, revisions: Path | None = None
) -> None:
    """The same, on a connection that is there already."""
    settings = config(connection)
    if revisions:
        folders = f"{INI.with_name('versions')}\n{revisions}"
        settings.set_main_option("version_locations", folders.replace("%", "%%"))
    run(settings)


def to_head(settings: Config) -> None:
    command.upgrade(settings, "head")


def to_base(settings: Config) -> None:
    command.downgrade(settings, "base")
