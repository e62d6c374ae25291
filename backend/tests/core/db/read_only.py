"""Databases that are read-only all of a sudden."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from tests.migrations.running import look

HEADER_WRITE_VERSION = 18
"""The byte of a file's header by which SQLite knows whether it may write it (sqlite.org/fileformat2)."""


async def make_read_only(url: str) -> None:
    """From the next connection on."""
    if url.startswith("postgresql"):
        await look(url, lambda connection: _set(connection, "SET default_transaction_read_only = on"))
    else:
        _mark(Path(url.removeprefix("sqlite:///")))


def _mark(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    with file.open("r+b") as bytes_:
        bytes_.seek(HEADER_WRITE_VERSION)
        bytes_.write(b"\x03")


async def make_writable(url: str) -> None:
    """Undo that on Postgres."""

    def reset(connection: Connection) -> None:
        connection.exec_driver_sql("SET TRANSACTION READ WRITE")
        _set(connection, "RESET default_transaction_read_only")

    await look(url, reset)


def _set(connection: Connection, what: str) -> None:
    connection.exec_driver_sql(f'ALTER DATABASE "{connection.engine.url.database}" {what}')
