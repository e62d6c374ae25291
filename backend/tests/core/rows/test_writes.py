"""The write path itself: what one turn did stays done, and the clock is read within it."""

import asyncio
from datetime import UTC, datetime

from app.api.tasks.queries import TASKS as RESOURCE
from app.core.db.session import open_database
from app.core.rows import writes
from app.core.rows.turns import take_turn
from tests.service import client_of, running, settings_for


async def test_a_number_that_is_given_back_takes_nothing_else_along(database_url: str) -> None:
    database = open_database(settings_for(database_url))
    async with database.session() as session:
        turn = await take_turn(session, "alice")
        old = await writes.create(turn, RESOURCE, {"title": "old", "tags": []})
        await writes.trash(await take_turn(session, "alice"), RESOURCE, old.key)
        turn = await take_turn(session, "alice")
        kept = await writes.create(turn, RESOURCE, {"title": "kept", "tags": []})
        await writes.trash(await take_turn(session, "alice"), RESOURCE, old.key)
        following = await take_turn(session, "alice")
        assert await writes.state_of(following, RESOURCE, kept.key)
        assert (turn.seq, following.seq) == (3, 4)
        await session.rollback()
    await database.dispose()


async def test_the_clock_is_read_after_the_wait_for_the_turn(database_url: str) -> None:
    async with (
        running(settings_for(database_url, auto_migrate=False)) as app,
        client_of(app, "alice") as alice,
    ):
        task = (await alice.post("/api/v1/tasks", json={"title": "Water"})).json()
        async with app.state.database.session() as session:
            await take_turn(session, "alice")
            waiting = asyncio.create_task(
                alice.patch(f"/api/v1/tasks/{task['id']}", json={"completed": True})
            )
            await asyncio.sleep(0.3)
            released = datetime.now(UTC)
            await session.rollback()
        changed = (await waiting).json()
    assert datetime.fromisoformat(changed["updated_at"]) >= released
    assert datetime.fromisoformat(changed["completed_at"]) >= released
