"""Long work on Postgres under a role, or a database, that cuts short what takes long: it takes its time."""

import asyncio
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from app.core.db.connecting import connect
from app.core.db.copying.reading import snapshot
from app.core.db.migrations.transaction import migrating
from app.core.db.url import parse_database_url
from tests.migrations.running import look

SECONDS = 0.5
LIMITS = (
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "transaction_timeout",  # there is one from Postgres 17 on
)
ONE = text("SELECT 1")
LONG = f"SELECT pg_sleep({SECONDS + 0.2})"


async def limit(url: str) -> None:
    """Every session to come is cut short."""
    name = url.rpartition("/")[2]
    known = await look(url, lambda c: {*c.exec_driver_sql("SELECT name FROM pg_settings").scalars()})
    statements = [f"ALTER DATABASE \"{name}\" SET {key} = '{SECONDS}s'" for key in LIMITS if key in known]
    await look(url, lambda c: [c.exec_driver_sql(statement) for statement in statements])


async def test_what_reads_all_rows(postgres_database_url: str) -> None:
    await limit(postgres_database_url)
    async with snapshot(parse_database_url(postgres_database_url, root=Path.cwd())) as connection:
        await connection.exec_driver_sql(LONG)
        await asyncio.sleep(SECONDS + 0.2)
        assert await connection.scalar(ONE) == 1


async def test_what_migrates(postgres_database_url: str) -> None:
    def work(connection: Connection) -> Any:
        with migrating(connection) as own:
            own.exec_driver_sql(LONG)
            return own.scalar(ONE)

    await limit(postgres_database_url)
    async with connect(parse_database_url(postgres_database_url, root=Path.cwd())) as connection:
        assert await connection.run_sync(work) == 1
