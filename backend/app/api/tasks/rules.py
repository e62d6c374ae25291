"""What the filters of the task list mean: days in a zone, patterns, and when a list's tag holds."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.api.tasks.schemas import TaskQuery
from app.core.days import day_bound, parse_bound, zone_of
from app.core.http.etags import representation_of
from app.core.ids import first_id_at
from app.core.rows.pages import Question
from app.core.text import fold

TASK_REPRESENTATION: Final = "tasks-1"
"""Changes with the shape of the answer, so that no copy of an older one is taken for good."""

Filter = tuple[str, dict[str, object]]


def question_from(query: TaskQuery, now: datetime) -> Question:
    """The list that a query string asks for.

    Raises InvalidError for an unknown zone, or a bound that is neither a day nor an instant.
    """
    found = [
        ("trashed" if query.trash else "live", {}),
        *_by_state(query),
        *_by_text(query),
        *_by_due(query, now),
        *_by_range(query),
    ]
    parameters = {name: value for _, values in found for name, value in values.items()}
    return Question(
        sort=query.sort,
        filters=tuple(name for name, _ in found),
        parameters=parameters,
        asked=query.without_page(),
        representation=_representation(query, parameters.get("today")),
        start=_start(query, parameters),
    )


def _by_state(query: TaskQuery) -> list[Filter]:
    found: list[Filter] = []
    if query.completed is not None:
        found.append(("completed" if query.completed else "open", {}))
    if query.priority:
        found.append(("priority", {"priorities": query.priority}))
    return found


def _by_text(query: TaskQuery) -> list[Filter]:
    found: list[Filter] = []
    if query.tag:
        found.append((f"tag_{query.tag_mode}", {"tags": query.tag}))
    if query.q:
        found.append(("q", {"wanted": fold(query.q)}))
    return found


def _by_due(query: TaskQuery, now: datetime) -> list[Filter]:
    zone = zone_of(query.tz)
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
        case None:
            return []


def _by_range(query: TaskQuery) -> list[Filter]:
    zone = zone_of(query.tz)
    found: list[Filter] = []
    for name, text in (("due_from", query.due_from), ("due_to", query.due_to)):
        if text is not None:
            bound = parse_bound(name, text, zone, through=name.endswith("_to"))
            found.append((name, {f"{name}_day": bound.day, f"{name}_at": bound.instant}))
    for name, text in (("created_from", query.created_from), ("created_to", query.created_to)):
        if text is not None:
            bound = parse_bound(name, text, zone, through=name.endswith("_to"))
            found.append((name, {f"{name}_id": first_id_at(bound.instant)}))
    return found


def _start(query: TaskQuery, parameters: dict[str, object]) -> tuple[UUID] | None:
    """Where the range of creation begins, in the order of creation.

    SQLite walks an index from one bound only: from the start of all rows, it would pass by those outside.
    """
    if query.sort == "-created_at" and isinstance(end := parameters.get("created_to_id"), UUID):
        return (end,)
    if query.sort == "created_at" and isinstance(start := parameters.get("created_from_id"), UUID):
        return (UUID(int=max(start.int - 1, 0)),)
    return None


def _representation(query: TaskQuery, today: object) -> str | None:
    """What the list's tag covers beside the head: the day that `due` was resolved to.

    None for what is overdue: it hangs on the very instant, so no copy of it stays good.
    """
    if query.due == "overdue":
        return None
    return representation_of(TASK_REPRESENTATION, str(today), query.tz if today else "")
