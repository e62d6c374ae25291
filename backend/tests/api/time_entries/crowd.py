"""A crowded table: 50,000 time entries of Alice's among those of twenty other people, loaded fast."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

ROWS = 60_000
START = datetime(2020, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
APART = timedelta(minutes=30)
"""Each entry begins so long after the one before: 48 a day."""
LONG = timedelta(days=3)


def started(number: int) -> datetime:
    """When an entry began."""
    return START + number * APART


def id_of(number: int) -> UUID:
    """An entry's id: the moment at which it began, and its number."""
    return UUID(int=(started(number) - EPOCH) // timedelta(milliseconds=1) << 80 | 7 << 76 | 2 << 62 | number)


def values_of(number: int) -> dict[str, Any]:
    """One in six is another person's, one in fifty in the trash, one in ten a duration on a day, a few are
    longer than a day; Alice's last one runs.
    """
    start = None if number % 10 == 3 else started(number)
    length = LONG if number % 5_000 == 4_999 else timedelta(minutes=20)
    end = start + length if start and number != ROWS - 1 else None
    return {
        "id": id_of(number),
        "created_at": started(number),
        "updated_at": started(number),
        "user_id": "alice" if number % 6 else f"person-{number // 6 % 20}",
        "seq": number * 7919 % ROWS + 1,
        "deleted_at": started(number) if number % 50 == 7 else None,
        "started_at": start,
        "ended_at": end,
        "entry_date": started(number).date(),
        "time_zone": "UTC",
        "duration_seconds": None if start and not end else int(length.total_seconds()),
        "tags": '["home"]',
        "locked": False,
    }


def rows() -> Iterator[dict[str, Any]]:
    """Every row."""
    return map(values_of, range(ROWS))
