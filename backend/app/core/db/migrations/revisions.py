"""The revisions of the schema: which there are, the one that a database is at, and how Alembic is set up."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

INI: Final = Path(__file__).resolve().parents[5] / "migrations" / "alembic.ini"
AND: Final = " and "
MIGRATE: Final = "run `alembic -c migrations/alembic.ini upgrade head`"
"""What mends a database that is behind."""

Standing = Literal["healthy", "behind", "ahead"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Revisions:
    """What this code knows of the schema: the revision that it wants, and all those up to there."""

    head: str | None
    known: frozenset[str]

    def standing(self, current: str | None) -> Standing:
        """Where a database at this revision stands; "ahead" was made by newer code than this."""
        if current == self.head:
            return "healthy"
        names = current.split(AND) if current else []
        return "behind" if self.known.issuperset(names) else "ahead"


def config(connection: Connection | None = None, first: Callable[[Connection], None] | None = None) -> Config:
    """Alembic's configuration; with a connection, env.py works on that one and leaves logging alone.

    `first` is what to do in the same transaction before all else, once nobody else migrates.
    """
    result = Config(INI)
    result.attributes.update(connection=connection, on_version_apply=log_step, first=first)
    return result


def revisions() -> Revisions:
    """What the folder of migrations holds."""
    script = ScriptDirectory.from_config(config())
    known = frozenset(step.revision for step in script.walk_revisions())
    return Revisions(script.get_current_head(), known)


async def current_revision(connection: AsyncConnection) -> str | None:
    """The revision that the database is at, or None where it was never migrated."""
    return await connection.run_sync(revision_of)


def revision_of(connection: Connection) -> str | None:
    """The same, for those who are in the midst of synchronous code."""
    return AND.join(sorted(MigrationContext.configure(connection).get_current_heads())) or None


def log_step(*, step: Any, **_: Any) -> None:
    """Say in the log that a revision is through."""
    way = "upgraded to" if step.is_upgrade else "downgraded from"
    logger.info("Database %s revision %s", way, step.up_revision_id)
