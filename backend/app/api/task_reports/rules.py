"""What a report on tasks means: days in a zone, and which tasks are told of."""

from datetime import date, datetime, timedelta

from app.api.config.queries import preferences_of
from app.api.task_reports.queries import NEWEST_FIRST, TASK_TIMES, TASK_TIMES_EVER, TASK_TIMES_WITHIN
from app.api.task_reports.schemas import TaskTime, TaskTimeQuery
from app.core.days import start_of, zone_of
from app.core.db.session import Session
from app.core.rows.pages import Listing, Question


async def report_from(
    session: Session, user_id: str, query: TaskTimeQuery, now: datetime
) -> tuple[Listing[TaskTime], Question]:
    """The list that a query string asks for. Raises InvalidError for an unknown zone."""
    parameters: dict[str, object] = {"now": now.replace(microsecond=0)}
    listing, tz = TASK_TIMES_EVER, query.tz
    if query.from_ and query.to:
        listing = TASK_TIMES_WITHIN
        tz = tz or (await preferences_of(session, user_id)).time_zone
        parameters |= _range(query.from_, query.to, tz)
    elif tz:
        zone_of(tz)
    question = Question(
        sort=NEWEST_FIRST,
        filters=("live",) if query.all else ("live", "worth"),
        parameters=parameters,
        # With the zone as it is understood: after another setting, a cursor would go on in other days.
        asked=(TASK_TIMES.path, query.without_page(), tz),
        representation=None,
    )
    return listing, question


def _range(first: date, last: date, tz: str) -> dict[str, object]:
    """The parameters of a range of days, both included."""
    zone = zone_of(tz)
    edges = {"range_start": start_of(first, zone), "range_end": start_of(last + timedelta(days=1), zone)}
    return {"first_day": first, "last_day": last, **edges}
