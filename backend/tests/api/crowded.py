"""A crowded database: many rows of Alice's among other people's, and what is read of them."""

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Connection, Select, Table, event

from app.core.db.session import Database, open_database
from app.core.http.query_strings import PageQuery
from app.core.rows.pages import Listing, Page, Question, read_page
from tests.api.plans import PlanCacheMode, Work, on_postgres, on_sqlite
from tests.service import settings_for

Ran = tuple[str, tuple[Any, ...]]
"""A statement that ran, with its parameters."""


@dataclass(frozen=True)
class Crowd:
    """A database with a crowded table, on one engine."""

    engine: str
    url: str
    database: Database
    table: str

    async def page(
        self, listing: Listing[Any], question: Question, query: PageQuery, copy: str = ""
    ) -> tuple[Page, Ran]:
        """Alice's page, and the statement that gave it: the very one."""
        with self.noting() as ran:
            async with self.database.session(read_only=True) as session:
                page = await read_page(session, "alice", listing, question, query, [copy] if copy else [])
        return page, ran[-1]

    async def rows(self, statement: Select[Any], **parameters: object) -> tuple[list[Any], Ran]:
        """What a statement about Alice gives, and the statement as it ran."""
        with self.noting() as ran:
            async with self.database.session(read_only=True) as session:
                connection = await session.connection()
                found = (await connection.execute(statement, {"by_user_id": "alice", **parameters})).all()
        return list(found), ran[-1]

    @contextmanager
    def noting(self) -> Iterator[list[Ran]]:
        """The statements that run meanwhile."""
        ran: list[Ran] = []

        def note(_: Connection, __: Any, statement: str, parameters: tuple[Any, ...], *___: Any) -> None:
            ran.append((statement, parameters))

        engine = self.database.engines[-1].sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield ran
        finally:
            event.remove(engine, "before_cursor_execute", note)

    async def work(self, ran: Ran, mode: PlanCacheMode, *, seqscan: bool = True) -> Work:
        """What the engine does with the crowded table for a statement."""
        if self.engine == "sqlite":
            return on_sqlite(_path_of(self.url), *ran, table=self.table)
        return await on_postgres(self.url, *ran, mode, seqscan=seqscan, table=self.table)


@asynccontextmanager
async def crowded(url: str, table: Table, rows: Iterable[dict[str, Any]]) -> AsyncIterator[Crowd]:
    """The migrated database at this URL, filled with these rows and their people's heads."""
    await load(url, table, rows)
    database = open_database(settings_for(url))
    yield Crowd("sqlite" if url.startswith("sqlite") else "postgres", url, database, table.name)
    await database.dispose()


async def load(url: str, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Fill a table. Postgres learns what is in it, as by autovacuum; nobody ever runs ANALYZE on SQLite.

    Rows have the database's own values: a list is JSON already, and what is absent is NULL.
    """
    names = [column.name for column in table.c]
    records = (tuple(map(row.get, names)) for row in rows)
    heads = (
        "INSERT INTO change_heads (user_id, epoch, seq, purged_seq)"
        f" SELECT user_id, '0123456789ab', max(seq), 0 FROM {table.name} WHERE true GROUP BY user_id"
        " ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > change_heads.seq"
    )
    if url.startswith("sqlite"):
        _load_sqlite(_path_of(url), table.name, names, records, heads)
    else:
        await _load_postgres(url, table.name, names, records, heads)


async def _load_postgres(
    url: str, table: str, names: list[str], records: Iterator[tuple[Any, ...]], heads: str
) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table(table, records=records, columns=names)
        await connection.execute(heads)
        await connection.execute(f"VACUUM (ANALYZE) {table}, change_heads")
    finally:
        await connection.close()


def _load_sqlite(
    path: str, table: str, names: list[str], records: Iterator[tuple[Any, ...]], heads: str
) -> None:
    places = ", ".join("?" * len(names))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -131072")
        connection.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})",
            (tuple(map(_as_sqlite_keeps_it, record)) for record in records),
        )
        connection.execute(heads)


def _as_sqlite_keeps_it(value: Any) -> Any:
    if isinstance(value, datetime):
        return _as_sqlite_keeps_instants(value)
    return str(value) if isinstance(value, UUID | date) else value


@lru_cache(maxsize=8)
def _as_sqlite_keeps_instants(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S.%f")


def _path_of(url: str) -> str:
    return url.removeprefix("sqlite:///")
