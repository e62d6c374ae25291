"""The statement of the running timer."""

from typing import Any, Final

from sqlalchemy import Select, select

from app.api.time_entries.queries import ENTRIES, ENTRY, RUNS, TIME_ENTRIES
from app.api.time_entries.schemas import TimeEntryOut
from app.core.db.session import Session
from app.core.rows.resources import Row
from app.core.rows.statements import HEADS, by_user

CURRENT: Final[Select[Any]] = (
    select(HEADS.c.epoch, ENTRY.id, ENTRY.seq, TIME_ENTRIES.row)
    .select_from(ENTRIES.join(HEADS, HEADS.c.user_id == ENTRY.user_id))
    .where(by_user(ENTRIES), by_user(HEADS), RUNS, ENTRY.deleted_at.is_(None))
)
"""The running timer: epoch, id, seq, JSON."""


async def read_current(session: Session, user_id: str) -> Row[TimeEntryOut] | None:
    """The running timer, or None."""
    found = await session.row(CURRENT, {"by_user_id": user_id})
    return None if found is None else Row(found.id, found.epoch, found.seq, found[3])
