"""Two databases, and what is in them."""

import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, text

from app.core.db.copying.reading import digests_of, snapshot
from app.models import metadata
from tests.migrations.running import look, parsed


async def digests(url: str) -> dict[str, tuple[int, str]]:
    """By table, how many rows there are, and their digest."""
    async with snapshot(parsed(url)) as connection:
        found = await digests_of(connection, metadata)
    return {name: (digest.rows, digest.hex) for name, digest in found.items()}


def stored(connection: Connection) -> dict[str, list[Any]]:
    """All there is, just as the driver gives it."""
    return {
        table.name: sorted(connection.execute(text(f"SELECT * FROM {table.name}")).all(), key=repr)
        for table in metadata.sorted_tables
    }


async def is_empty(url: str) -> bool:
    found: dict[str, list[Any]] = await look(url, stored)
    return not any(found.values())


def wal(url: str) -> str:
    """The same database as the service leaves it: on SQLite with a log, so that readers block nobody."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    return url
