"""One revision back, and what that would lose: told from a scratch database, counted by reading."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from alembic import command
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, column, func, inspect, select, table

from app.core.db.connecting import connect, reading
from app.core.db.migrations.revisions import config, revision_of
from app.core.db.migrations.transaction import ALL_ROWS
from app.core.db.url import DatabaseUrl, parse_database_url
from app.core.db.verify.shape import Part, Shape, live_shape
from app.core.operating import FailedError, RefusedError


@dataclass(frozen=True)
class Step:
    """The revision that a database is at, what it is for, and the one before; None is the empty database."""

    revision: str
    purpose: str
    before: str | None


@dataclass(frozen=True)
class Loss:
    """A table or a column that goes, and how many rows or values go with it."""

    part: Part
    rows: int

    def __str__(self) -> str:
        """The loss as one would say it."""
        return f"{self.part} ({self.rows} {'rows' if self.part.kind == 'table' else 'values'})"


async def step_back(database: DatabaseUrl) -> Step:
    """Where one step back leads. Raises UnreachableError, and RefusedError where there is no such step."""
    async with connect(database) as connection:
        current = await connection.run_sync(_current)
    if current is None:
        raise RefusedError("The database is empty: there is nothing to go back from.")
    scripts = {script.revision: script for script in _folder().walk_revisions()}
    if current not in scripts:
        raise RefusedError(
            f"The database is at {current}, which only newer code knows: go back with that code."
        )
    return _step(scripts[current])


async def losses(database: DatabaseUrl, step: Step) -> list[Loss]:
    """What the step drops, with what is in there now. Nothing is changed. Raises UnreachableError.

    What a revision deletes by statements of its own can't be told: its docstring has to say so.
    """
    memory = parse_database_url("sqlite:///:memory:", root=Path())
    async with connect(memory) as scratch:
        gone = await scratch.run_sync(_parts_gone, step)
    async with connect(database) as connection:
        return await connection.run_sync(_counted, gone)


async def downgrade(database: DatabaseUrl, step: Step) -> None:
    """Go that one step back, in one transaction.

    Raises FailedError where somebody else has migrated meanwhile, and what migrations raise.
    """
    async with connect(database) as connection:
        await connection.run_sync(_downgrade, step)


def _folder() -> ScriptDirectory:
    return ScriptDirectory.from_config(config())


def _current(connection: Connection) -> str | None:
    with reading(connection):
        return revision_of(connection)


def _step(script: Script) -> Step:
    return Step(script.revision, script.doc, script.down_revision if script.down_revision else None)  # type: ignore[arg-type] # one parent: a test holds that there are no branches


def _parts_gone(scratch: Connection, step: Step) -> list[Part]:
    """The tables that the step drops, and the columns of those that stay."""
    command.upgrade(config(scratch), step.revision)
    there = _shape(scratch)
    command.downgrade(config(scratch), step.before or "base")
    left = _shape(scratch)
    gone = [part for part in there if part not in left and part.kind in ("table", "column")]
    tables = {part.table for part in gone if part.kind == "table"}
    return [part for part in gone if part.kind == "table" or part.table not in tables]


def _shape(scratch: Connection) -> Shape:
    with reading(scratch):
        return live_shape(scratch, inspect(scratch).get_table_names())


def _counted(connection: Connection, parts: list[Part]) -> list[Loss]:
    with reading(connection):
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(ALL_ROWS)
        return list(_count(connection, parts))


def _count(connection: Connection, parts: list[Part]) -> Iterator[Loss]:
    for part in parts:
        counted = func.count() if part.kind == "table" else func.count(column(part.name))
        yield Loss(part, connection.scalar(select(counted).select_from(table(part.table))) or 0)


def _downgrade(connection: Connection, step: Step) -> None:
    command.downgrade(config(connection, partial(_refuse_other, step)), step.before or "base")


def _refuse_other(step: Step, connection: Connection) -> None:
    """What was agreed to was this step: from anywhere else it would be more."""
    current = revision_of(connection)
    if current != step.revision:
        raise FailedError(f"The database is at {current or 'nothing'} by now: somebody else has migrated it.")
