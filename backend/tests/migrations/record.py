"""Records what a release asks of the database: `make db-record`, at each release, before its tag.

The next release's migrations have to leave a schema on which the replicas of this one can go on. So its
statements are written down, in the order in which somebody's use of everything runs them, with their
parameters, and `test_statements.py` runs them again on the newest schema.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from litestar import Litestar
from sqlalchemy import Connection, event

from app import VERSION
from app.core.db.migrations.revisions import INI
from app.core.db.migrations.upgrading import upgrade
from tests.migrations.running import parsed
from tests.migrations.use import use_everything
from tests.postgres import create_database, drop_database, running_postgres
from tests.service import running, settings_for

FOLDER = INI.with_name("statements")
BOUNDARIES = ("BEGIN", "PRAGMA")

Ran = tuple[str, tuple[Any, ...]]
"""A statement as the driver gets it, with its parameters as JSON has them."""


class Record(msgspec.Struct, frozen=True):
    """What a release ran on one engine: each statement once, and the order, by place and parameters."""

    version: str
    engine: str
    statements: list[str]
    ran: list[tuple[int, list[Any]]]

    @property
    def in_order(self) -> Iterator[Ran]:
        """All that ran."""
        for place, parameters in self.ran:
            yield self.statements[place], tuple(parameters)


def file_of(engine: str) -> Path:
    """Where the record for an engine is: there is one, of the last release."""
    return FOLDER / f"{engine}.json"


def read(engine: str) -> Record:
    """What the last release ran on this engine."""
    return msgspec.json.decode(file_of(engine).read_bytes(), type=Record)


def write(engine: str, ran: list[Ran]) -> None:
    """A line for each statement, so that what a release changes is seen; all that ran in one line."""
    statements = list(dict.fromkeys(statement for statement, _ in ran))
    places = {statement: place for place, statement in enumerate(statements)}
    order = [(places[statement], parameters) for statement, parameters in ran]
    lines = ",\n".join(msgspec.json.encode(statement).decode() for statement in statements)
    head = msgspec.json.encode({"version": VERSION, "engine": engine}).decode().removesuffix("}")
    text = f'{head},"statements":[\n{lines}\n],\n"ran":{msgspec.json.encode(order).decode()}}}\n'
    file_of(engine).write_text(text)


async def recorded(url: str) -> list[Ran]:
    """What somebody's use of everything asks of a new database, and of nobody else's."""
    await upgrade(parsed(url))
    async with running(settings_for(url, auto_migrate=False)) as app:
        with noting(app) as ran:
            await use_everything(app)
    return ran


@contextmanager
def noting(app: Litestar) -> Iterator[list[Ran]]:
    """The statements that the service runs meanwhile."""
    ran: list[Ran] = []

    def note(_: Connection, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        if not statement.startswith(BOUNDARIES):
            rows = parameters if many else [parameters]
            ran.extend((statement, msgspec.to_builtins(tuple(row))) for row in rows)

    for engine in app.state.database.engines:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield ran
    for engine in app.state.database.engines:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


def main() -> None:
    """Write both records anew."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_postgres() as server:
        write("sqlite", asyncio.run(recorded(f"sqlite:///{folder}/app.db")))
        write("postgresql", asyncio.run(recorded_on(server)))


async def recorded_on(server: str) -> list[Ran]:
    """The same in a database of its own on a server, and the database gone again."""
    name = f"daybook_record_{uuid4().hex}"
    try:
        return await recorded(await create_database(server, name))
    finally:
        await drop_database(server, name)


if __name__ == "__main__":
    main()
