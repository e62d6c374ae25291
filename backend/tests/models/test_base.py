"""What every table shares, through the session as a new handler would use it."""

import unicodedata
from datetime import UTC

from sqlmodel import select

from app.core.db.session import open_database
from app.core.ids import created_at_of
from app.core.text import fold
from app.models.base import table_of
from app.models.task import Task
from tests.service import settings_for


async def test_a_row_gets_an_id_and_times_and_updated_at_moves(database_url: str) -> None:
    database = open_database(settings_for(database_url))
    async with database.session() as session:
        session.add(Task(user_id="alice", title="Water", seq=1))
        await session.flush()
        task = (await session.exec(select(Task).where(Task.user_id == "alice"))).one()
        await session.refresh(task)
        before = task.updated_at
        assert (task.created_at, task.title_key) == (created_at_of(task.id), "water")
        assert (task.created_at.tzinfo, before.tzinfo) == (UTC, UTC)
        task.completed = False
        task.priority = "high"
        await session.flush()
        await session.refresh(task)
        assert task.updated_at > before
        await session.rollback()
    await database.dispose()


def test_the_key_starts_with_the_person() -> None:
    assert [column.name for column in table_of(Task).primary_key.columns] == ["user_id", "id"]


def test_a_folded_text_is_composed() -> None:
    assert unicodedata.is_normalized("NFC", fold("\u0390"))
    assert fold("É") == fold("e\u0301") == "é"
