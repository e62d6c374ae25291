"""What would keep pending migrations from passing on this data: asked by reading only, before they begin.

A revision whose constraint old rows could break brings `PREFLIGHT` along: what would break, and a SELECT
of the rows that break it, each by its name in the first column. It is written for the schema of the
revision before, in words that both engines understand.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.core.db.errors import name_of
from app.core.db.migrations.revisions import config, revision_of

NAMED: Final = 5
"""How many of the rows that are in the way are named."""

_NOT_THERE_YET: Final = ("42P01", "42703")
_NOT_THERE_YET_SQLITE: Final = ("no such table: ", "no such column: ")
"""A table or column that a pending revision is to make. SQLite has no code for it, only words."""


@dataclass(frozen=True)
class Obstacle:
    """Rows that a pending revision would fail on: what they break, how many they are, the first by name."""

    revision: str
    breaks: str
    count: int
    rows: tuple[str, ...]

    def __str__(self) -> str:
        """The obstacle as one line."""
        more = f", and {self.count - len(self.rows)} more" if self.count > len(self.rows) else ""
        return f"revision {self.revision}: {self.breaks}: {', '.join(self.rows)}{more}"


def preflight(connection: Connection, folder: ScriptDirectory | None = None) -> list[Obstacle]:
    """What is in the way of the revisions that this database has yet to get; an empty list is good news.

    To be called within a transaction, which reads and nothing else. What asks for a table or column that
    another pending revision is to make is not asked: there are no such rows yet. A database that is
    ahead of this code has nothing pending. Raises DBAPIError.
    """
    folder = folder or ScriptDirectory.from_config(config())
    current = revision_of(connection)
    if current not in (None, *(script.revision for script in folder.walk_revisions())):
        return []
    pending = list(folder.iterate_revisions(tuple(folder.get_heads()), current or "base"))
    return obstacles(connection, reversed(pending))


def obstacles(connection: Connection, pending: Iterable[Script]) -> list[Obstacle]:
    """What is in the way of these revisions, in their order. Raises DBAPIError."""
    found: list[Obstacle] = []
    for script in pending:
        questions: Mapping[str, str] = getattr(script.module, "PREFLIGHT", {})
        for breaks, query in questions.items():
            found += _ask(connection, script.revision, breaks, query)
    return found


def _ask(connection: Connection, revision: str, breaks: str, query: str) -> Iterator[Obstacle]:
    try:
        with _only_reading(connection):
            [count] = connection.exec_driver_sql(f"SELECT count(*) FROM ({query}) AS broken").one()
            named = connection.exec_driver_sql(f"SELECT * FROM ({query}) AS broken LIMIT {NAMED}").all()
    except DBAPIError as error:
        if not _is_of_what_is_to_come(error):
            raise
        return
    if count:
        yield Obstacle(revision, breaks, count, tuple(str(row[0]) for row in named))


@contextmanager
def _only_reading(connection: Connection) -> Iterator[None]:
    """A savepoint in which the database refuses writes, whatever a revision brings along."""
    on_sqlite = connection.dialect.name == "sqlite"
    with connection.begin_nested() as savepoint:
        connection.exec_driver_sql(
            "PRAGMA query_only=1" if on_sqlite else "SET LOCAL transaction_read_only=on"
        )
        try:
            yield
        finally:
            if on_sqlite:
                connection.exec_driver_sql("PRAGMA query_only=0")
            savepoint.rollback()


def _is_of_what_is_to_come(error: DBAPIError) -> bool:
    return name_of(error) in _NOT_THERE_YET or str(error.orig).startswith(_NOT_THERE_YET_SQLITE)
