"""What the filters of the task list mean: days in a zone, patterns, and when a list's tag holds."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.api.tasks.queries import TASK_LIST
from app.api.tasks.schemas import TaskQuery
from app.core.days import day_bound, parse_bound, zone_of
from app.core.http.etags import representation_of
from app.core.rows import questions
from app.core.rows.pages import Question
from app.core.rows.questions import Filter, by_flag

TASK_REPRESENTATION: Final = "tasks-2"
"""Changes with the shape of the answer, so that no copy of an older one is taken for good."""


def question_from(query: TaskQuery, now: datetime) -> Question:
    """The list that a query string asks for.

    Raises InvalidError for an unknown zone, or a bound that is neither a day nor an instant.
    """
    zone = zone_of(query.tz)
    filters = [
        *_by_state(query),
        *_by_tag(query),
        *questions.by_text(query.q),
        *_by_due(query, now, zone),
        *_by_due_range(query, zone),
        *questions.by_creation(query.created_from, query.created_to, zone),
    ]
    today = next((values["today"] for _, values in filters if "today" in values), None)
    include = tuple(dict.fromkeys(query.include))
    representation = _representation(query, today, include)
    return questions.question_from(TASK_LIST, query, filters, representation, include=include)


def _by_state(query: TaskQuery) -> list[Filter]:
    found = by_flag(query.completed, "completed", "open")
    return [*found, ("priority", {"priorities": query.priority})] if query.priority else found


def _by_tag(query: TaskQuery) -> list[Filter]:
    return [(f"tag_{query.tag_mode}", {"tags": query.tag})] if query.tag else []


def _by_due(query: TaskQuery, now: datetime, zone: ZoneInfo) -> list[Filter]:
    if query.due is None:
        return []
    today = now.astimezone(zone).date()
    end = day_bound(today + timedelta(days=1), zone).instant
    match query.due:
        case "overdue":
            return [("overdue", {"today": today, "now": now})]
        case "today":
            return [("today", {"today": today, "day_start": day_bound(today, zone).instant, "day_end": end})]
        case "upcoming":
            return [("upcoming", {"today": today, "day_end": end})]
        case "none":
            return [("undue", {})]


def _by_due_range(query: TaskQuery, zone: ZoneInfo) -> list[Filter]:
    found: list[Filter] = []
    for name, text in (("due_from", query.due_from), ("due_to", query.due_to)):
        if text is not None:
            bound = parse_bound(name, text, zone, through=name.endswith("_to"))
            found.append((name, {f"{name}_day": bound.day, f"{name}_at": bound.instant}))
    return found


def _representation(query: TaskQuery, today: object, include: tuple[str, ...]) -> str | None:
    """What the list's tag covers beside the head: the day that `due` was resolved to, and what is included.

    None for what is overdue: it hangs on the very instant, so no copy of it stays good.
    """
    if query.due == "overdue":
        return None
    return representation_of(TASK_REPRESENTATION, str(today), query.tz if today else "", *include)
