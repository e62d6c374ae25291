"""What a time entry must be, and what the filters of its list mean."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from app.api.time_entries.queries import IN_THE_WAY, TIME_ENTRIES, TIME_ENTRY_LIST, facts_statement
from app.api.time_entries.schemas import TimeEntryOut, TimeEntryQuery
from app.core.days import is_zone, parse_instant
from app.core.errors import Fault, InvalidError, LockedError, OverlapError, RunningError
from app.core.http.etags import representation_of, row_tag
from app.core.http.wire import END_OF_TIME, FIRST_INSTANT
from app.core.ids import FUTURE_ALLOWED, GREATEST_ID, LEAST_ID
from app.core.rows import questions
from app.core.rows.changes import Change
from app.core.rows.pages import Question
from app.core.rows.questions import Filter, by_flag, by_reference
from app.core.rows.references import refuse_unknown
from app.core.rows.turns import Turn
from app.models.time_entry import DAY_SECONDS

TIME_ENTRY_REPRESENTATION: Final = "time-entries-1"
"""Changes with the shape of the answer, so that no copy of an older one is taken for good."""

SHAPE: Final = ("started_at", "ended_at", "duration_seconds", "entry_date", "time_zone")
"""The columns that follow from each other."""


class Facts(msgspec.Struct, frozen=True):
    """What the database says beside the entry: settings, the running timer, and references to nothing."""

    time_zone: str
    overlap: str
    running: msgspec.Raw | None
    unknown: list[str]


def question_from(query: TimeEntryQuery) -> Question:
    """The list that a query string asks for."""
    filters: list[Filter] = [
        *_by_range(query),
        *by_reference("task", query.task_id),
        *by_reference("time_code", query.time_code_id),
        *by_reference("work_type", query.work_type_id),
        *_by_tag(query),
        *by_flag(query.running, "running_trashed" if query.trash else "running", "finished"),
        *by_flag(query.locked, "locked", "unlocked"),
        *questions.by_text(query.q),
    ]
    include = sorted(set(query.include))
    representation = representation_of(TIME_ENTRY_REPRESENTATION, *include)
    return questions.question_from(
        TIME_ENTRY_LIST, query, filters, representation, start=_start(query), include=include
    )


def _by_range(query: TimeEntryQuery) -> list[Filter]:
    days = {name: getattr(query, name) for name in ("day_from", "day_to")}
    texts = {name: getattr(query, name) for name in ("time_from", "time_to")}
    instants = {name: parse_instant(name, text) for name, text in texts.items() if text is not None}
    return [(name, {name: value}) for name, value in (days | instants).items() if value is not None]


def _by_tag(query: TimeEntryQuery) -> list[Filter]:
    return [(f"tag_{query.tag_mode}", {"tags": query.tag})] if query.tag else []


def _start(query: TimeEntryQuery) -> tuple[Any, ...] | None:
    """Where the range of days begins, in the order of days."""
    if query.sort == "-day" and query.day_to:
        return (query.day_to, GREATEST_ID)
    if query.sort == "day" and query.day_from:
        return (query.day_from, LEAST_ID)
    return None


async def refuse_locked(change: Change[TimeEntryOut]) -> None:
    """Raises LockedError for every change of a locked entry but unlocking; one in the trash may come back."""
    if change.verb == "restore" or not change.before or not change.before.locked:
        return
    if set(change.values) != {"locked"}:
        raise LockedError("The time entry is locked: unlock it first, by a PATCH of `locked` alone.")


async def settle(change: Change[TimeEntryOut]) -> None:
    """Completes the entry's shape, and refuses what can't be.

    Raises InvalidError for what contradicts itself or refers to what is not there, RunningError where
    another timer runs, OverlapError where time is shared and must not be.
    """
    moves = change.before is None or change.verb == "restore" or change.sets(*SHAPE)
    named = [name for name in TIME_ENTRIES.references if change.sets(name) and change.values[name]]
    if change.verb == "trash" or not (moves or named or change.sets("locked")):
        return
    facts = await _facts_of(change, named)
    refuse_unknown(TIME_ENTRIES, facts.unknown)
    if moves and change.verb != "restore":
        change.values |= shape_of(change, facts.time_zone)
    running = change.after("started_at") and not change.after("ended_at")
    if running:
        _refuse_running(change, facts)
    if moves and facts.overlap == "reject":
        await _refuse_shared(change)


def shape_of(change: Change[TimeEntryOut], zone: str) -> dict[str, Any]:
    """The columns of SHAPE: instants in whole seconds, and what follows from what is given.

    An interval's duration follows from its ends, or one end from the other and the duration; the day
    follows from the start. `zone` is that of the day where nothing else says it.
    """
    zone = change.after("time_zone") or zone
    start, end, seconds = _stretch(change)
    given = change.values.get("entry_date")
    if start is None:
        kept = change.before.entry_date if change.before and "entry_date" not in change.values else None
        day = given or kept or change.turn.at.astimezone(ZoneInfo(zone)).date()
    else:
        day = start.astimezone(ZoneInfo(zone)).date()
        if given not in (None, day):
            raise _contradiction(
                "entry_date", f"Expected {day}, the day of `started_at` in {zone}, or nothing"
            )
    values = (start, end, seconds, day, zone)
    return dict(zip(SHAPE, values, strict=True))


def _stretch(change: Change[TimeEntryOut]) -> tuple[datetime | None, datetime | None, int | None]:
    """Start, end and seconds, each where there is one."""
    start, end = (_whole(change.after(name)) for name in ("started_at", "ended_at"))
    given: int | None = change.values.get("duration_seconds")
    if start is None and end is None:
        return None, None, _alone(change.after("duration_seconds"))
    if start and end:
        if given is None:
            return start, end, _seconds(change, start, end)
        if change.values.get("ended_at") and change.values.get("started_at"):
            between = _seconds(change, start, end)
            if given != between:
                raise _contradiction("duration_seconds", f"Expected {between}, or nothing")
        start, end = (None, end) if change.values.get("ended_at") else (start, None)
    if given is None and change.before and change.before.started_at is None:
        given = change.after("duration_seconds")
    if given is None:
        if end:
            raise _contradiction("started_at", "Expected a start, or a duration, with an end")
        return start, None, None
    start = start or _moved(end, -given)
    return start, _moved(start, given), given


def _whole(instant: datetime | None) -> datetime | None:
    return instant and instant.astimezone(UTC).replace(microsecond=0)


def _seconds(change: Change[TimeEntryOut], start: datetime, end: datetime) -> int:
    """From start to end. Raises InvalidError where they are the wrong way round, at the one that was sent."""
    if end < start and change.values.get("ended_at"):
        raise _contradiction("ended_at", "Expected an end that is not before the start")
    if end < start:
        raise _contradiction("started_at", "Expected a start that is not after the end")
    return int((end - start).total_seconds())


def _alone(seconds: int | None) -> int:
    """A duration on a day, which no more than a day fits into."""
    if seconds is None:
        raise _contradiction("started_at", "Expected `started_at`, or `duration_seconds` for a day")
    if seconds > DAY_SECONDS:
        raise _contradiction("duration_seconds", f"Expected at most {DAY_SECONDS} seconds on one day")
    return seconds


def _moved(instant: datetime | None, seconds: int) -> datetime:
    """The other end. Raises InvalidError outside the years 1970 to 9998."""
    try:
        moved = (instant or FIRST_INSTANT) + timedelta(seconds=seconds)
    except OverflowError:
        moved = END_OF_TIME
    if not FIRST_INSTANT <= moved < END_OF_TIME:
        raise _contradiction("duration_seconds", "Expected a duration within the years 1970 to 9998")
    return moved


def _contradiction(field: str, message: str) -> InvalidError:
    fault = Fault(f"/{field}", "contradiction", message)
    return InvalidError("The time entry contradicts itself.", errors=(fault,))


async def _facts_of(change: Change[TimeEntryOut], named: list[str]) -> Facts:
    wanted: dict[str, Any] = {"by_user_id": change.turn.user_id}
    wanted |= {f"new_{name}": change.values[name] for name in named}
    row = await change.turn.session.row(facts_statement(tuple(named)), wanted)
    zones = (row.time_zone, change.options.get("time_zone"), "UTC")
    return Facts(
        time_zone=next(zone for zone in zones if zone and is_zone(zone)),
        overlap=change.options.get("overlap") or row.overlap or "allow",
        running=row.running and msgspec.Raw(row.running.encode()),
        unknown=[name for name in named if not getattr(row, name)],
    )


def _refuse_running(change: Change[TimeEntryOut], facts: Facts) -> None:
    """Raises where the entry may not run: it is locked, begins in the future, or another one runs."""
    if change.after("locked"):
        raise _contradiction("locked", "Expected a running timer to be unlocked; stop it first")
    if change.after("started_at") > change.turn.at + FUTURE_ALLOWED:
        raise _contradiction("started_at", "Expected a running timer to have begun")
    if facts.running:
        other = msgspec.json.decode(facts.running, type=TimeEntryOut)
        if other.id != change.key:
            raise already_running(change.turn, other.seq, facts.running)


def already_running(turn: Turn, seq: int, body: msgspec.Raw) -> RunningError:
    """The answer to who would have a second timer run: the one that runs."""
    headers = {"ETag": row_tag(turn.epoch, seq)}
    return RunningError("Another timer runs; stop it first.", headers=headers, current=body)


async def _refuse_shared(change: Change[TimeEntryOut]) -> None:
    start, end = change.after("started_at"), change.after("ended_at") or END_OF_TIME
    if (
        start is None
        or start == end
        or not (change.sets("started_at", "ended_at") or change.verb == "restore")
    ):
        return
    parameters: Mapping[str, object] = {
        "by_user_id": change.turn.user_id,
        "own_id": change.key,
        "way_from": start,
        "way_from_less_a_day": max(start - timedelta(days=1), FIRST_INSTANT - timedelta(days=1)),
        "way_to": end,
    }
    if rows := await change.turn.session.rows(IN_THE_WAY, parameters):
        raise OverlapError(
            "The time is taken; `conflicts` are in the way.",
            conflicts=tuple(msgspec.Raw(body.encode()) for (body,) in rows),
        )


TIME_ENTRIES.rules.extend((refuse_locked, settle))
