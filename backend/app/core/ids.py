"""Ids: UUID version 7, which carry the moment of creation (RFC 9562 §5.7)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import uuid_utils.compat

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE_ALLOWED = timedelta(minutes=5)
LEAST_ID = UUID(int=0)
GREATEST_ID = UUID(int=(1 << 128) - 1)


def new_id() -> UUID:
    """A new id, carrying this moment."""
    return uuid_utils.compat.uuid7()


def new_text() -> str:
    """A new id as text, where nobody needs more of it: in a seventh of the time."""
    return str(uuid_utils.uuid7())


def milliseconds_of(id_: UUID) -> int:
    """The Unix time in milliseconds that a version 7 id carries."""
    return id_.int >> 80


def created_at_of(id_: UUID) -> datetime:
    """The moment that a version 7 id carries, in UTC. Raises OverflowError after the year 9999."""
    return EPOCH + timedelta(milliseconds=milliseconds_of(id_))


def fault_of(id_: UUID, now: datetime) -> str | None:
    """Why a client may not choose this id, or None where it may."""
    if id_.version != 7 or id_.variant != "specified in RFC 4122":
        return "Expected a UUID of version 7, whose first 48 bits are the moment of creation"
    if milliseconds_of(id_) > (now + FUTURE_ALLOWED - EPOCH) // timedelta(milliseconds=1):
        return "Expected an id of version 7 that is not more than five minutes in the future"
    return None


def first_id_at(moment: datetime) -> UUID:
    """The least id that a row created at or after `moment` can have: a bound for ranges of ids."""
    milliseconds = -((EPOCH - moment) // timedelta(milliseconds=1))
    return UUID(int=min(max(milliseconds, 0), (1 << 48) - 1) << 80)
