"""Days and instants: what a day means in a zone, and what a bound in a query means."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from app.core.errors import Fault, InvalidError
from app.core.http.wire import END_OF_TIME, FIRST_DAY, FIRST_INSTANT, LAST_DAY, Instant


class Bound(NamedTuple):
    """One edge of a range, for columns of days and for columns of instants: `day` is the first day, and
    `instant` the first instant, that lies on the later side.
    """

    day: date
    instant: datetime


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name, as `tz` asks for it. Raises InvalidError for another name."""
    if not is_zone(name):
        fault = Fault("/tz", "unknown_zone", "Expected an IANA zone such as Europe/Berlin")
        raise InvalidError("The query string has an invalid value.", errors=(fault,))
    return ZoneInfo(name)


def is_zone(name: str) -> bool:
    """Whether there is an IANA zone of that name."""
    return name in _zone_names()


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    # These two are no places: one is whatever this machine says, the other a warning.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in a zone, in UTC; after midnight where the clocks skip midnight."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def day_bound(day: date, zone: ZoneInfo) -> Bound:
    """The edge at which a day begins in a zone."""
    return Bound(day, start_of(day, zone))


def instant_bound(instant: datetime, zone: ZoneInfo) -> Bound:
    """The edge at an instant; a day is held against it by its start in the zone."""
    day = instant.astimezone(zone).date()
    later = day if start_of(day, zone) >= instant else day + timedelta(days=1)
    return Bound(later, instant.astimezone(UTC))


def parse_instant(name: str, text: str) -> datetime:
    """The instant that a query parameter names. Raises InvalidError outside the years 1970 to 9998.

    From its text: of a parameter's type, msgspec would take numbers there too.
    """
    if instant := _instant_in(text):
        return instant
    raise _invalid(
        name, "Expected an instant with its zone such as 2026-05-01T09:00:00Z, in the years 1970 to 9998"
    )


def parse_bound(name: str, text: str, zone: ZoneInfo, *, through: bool) -> Bound:
    """The edge that a query parameter names by a day or an instant.

    `through`: the range goes up to and with a day, so that the edge is where the next one begins.
    Raises InvalidError where the text is neither, or lies outside the years 1970 to 9998.
    """
    try:
        if len(text) == len("YYYY-MM-DD"):
            day = msgspec.convert(text, date)
            if FIRST_DAY <= day <= LAST_DAY:
                return day_bound(day + timedelta(days=through), zone)
        elif instant := _instant_in(text):
            return instant_bound(instant, zone)
    except msgspec.ValidationError:
        pass
    raise _invalid(
        name,
        "Expected a day (2026-05-01) or an instant with its zone (2026-05-01T09:00:00Z; a + is written %2B)"
        " in the years 1970 to 9998",
    )


def _instant_in(text: str) -> datetime | None:
    try:
        instant = msgspec.convert(text, Instant)
    except msgspec.ValidationError:
        return None
    return instant if FIRST_INSTANT <= instant < END_OF_TIME else None


def _invalid(name: str, message: str) -> InvalidError:
    fault = Fault(f"/{name}", "invalid", message)
    return InvalidError("The query string has an invalid value.", errors=(fault,))
