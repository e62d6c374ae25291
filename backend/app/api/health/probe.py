"""Asking the database how it is, at most one question at a time."""

import asyncio
import logging
from time import perf_counter
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.api.health.schemas import DatabaseHealth
from app.core.db.errors import DATABASE_ERRORS
from app.core.db.migrations.revisions import Revisions, current_revision
from app.core.db.session import Database

ANSWER_WITHIN_SECONDS: Final = 0.8
DOWN: Final[tuple[type[Exception], ...]] = (SQLAlchemyError, *DATABASE_ERRORS)

log = logging.getLogger(__name__)


class Probe:
    """One flight: however many ask, one connection is used, and a silent database holds no more than it."""

    def __init__(self, database: Database, revisions: Revisions) -> None:
        self._database = database
        self._revisions = revisions
        self._flight: asyncio.Task[DatabaseHealth] | None = None

    async def ask(self) -> DatabaseHealth:
        """How the database is, within a second; a question that takes longer goes on in the background."""
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._look())
        await asyncio.wait({self._flight}, timeout=ANSWER_WITHIN_SECONDS)
        return self._flight.result() if self._flight.done() else self._down()

    async def aclose(self) -> None:
        """Ends a question that is still open."""
        if self._flight and not self._flight.done():
            self._flight.cancel()
            await asyncio.wait({self._flight})

    async def _look(self) -> DatabaseHealth:
        began = perf_counter()
        try:
            async with self._database.session(read_only=True) as session:
                revision = await current_revision(await session.connection())
        except DOWN as error:
            log.warning("database is down", extra={"cause": type(error).__name__})
            return self._down()
        return DatabaseHealth(
            status=self._revisions.standing(revision),
            database="up",
            dialect=self._database.url.dialect,
            revision=revision,
            head=self._head,
            latency_ms=round((perf_counter() - began) * 1000, 2),
        )

    @property
    def _head(self) -> str:
        return self._revisions.head or ""

    def _down(self) -> DatabaseHealth:
        return DatabaseHealth("unavailable", "down", self._database.url.dialect, None, self._head, None)
