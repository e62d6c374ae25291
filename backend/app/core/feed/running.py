"""What runs beside the requests so that those who wait are woken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core.config import Settings
from app.core.db.session import Database
from app.core.feed.notices import Notices, arguments_for
from app.core.feed.polls import poll
from app.core.feed.wakes import Wakes


@asynccontextmanager
async def waking(settings: Settings, database: Database, wakes: Wakes) -> AsyncIterator[None]:
    """Polls, and where it can be had, keeps a direct connection to tell and to hear, until the block ends.

    Nothing waits for either: a database that does not answer holds up no start.
    """
    tasks = [asyncio.create_task(poll(database, wakes))]
    if arguments := arguments_for(settings.migration_database, settings):
        tasks.append(asyncio.create_task(Notices(arguments, wakes).run()))
    try:
        yield
    finally:
        wakes.stop()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
