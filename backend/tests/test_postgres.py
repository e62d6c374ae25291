"""The suite's own Postgres: it is there, and nothing of it stays behind."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


async def test_tmp(database_url: str) -> None:
    engine = create_async_engine(
        database_url.replace("postgresql:", "postgresql+asyncpg:").replace("sqlite:", "sqlite+aiosqlite:")
    )
    async with engine.begin() as connection:
        assert (await connection.execute(text("select count(*) from tasks"))).scalar() == 0
    await engine.dispose()


async def test_tmp2(empty_database_url: str) -> None:
    pass
