"""How the timer starts, stops and starts again, by the server's clock."""

from uuid import UUID

import msgspec

from app.api.time_entries.queries import TIME_ENTRIES
from app.api.time_entries.rules import already_running
from app.api.time_entries.schemas import TimeEntryOut, TimeEntryPut
from app.api.timer.queries import read_current
from app.api.timer.schemas import StartQuery, TimerStart
from app.core.errors import NotFoundError
from app.core.http.etags import Version
from app.core.ids import FUTURE_ALLOWED
from app.core.rows import refusals, writes
from app.core.rows.resources import Row, State
from app.core.rows.turns import Turn, next_turn


async def start(turn: Turn, data: TimerStart, asked: StartQuery) -> Row[TimeEntryOut]:
    """A new running timer; one that runs is stopped at the same instant, with the number before.

    Raises RunningError where one runs and `on_conflict` is reject, and what creating an entry raises.
    """
    given = {name: getattr(data, name) for name in data.__struct_fields__ if name != "id"}
    return await _begin(turn, TimeEntryPut(**given), data.id or None, asked)


async def stop(turn: Turn, if_match: list[Version] | None) -> Row[TimeEntryOut]:
    """The running timer, ended now. Raises NotFoundError where none runs, StaleError for another version."""
    running = await read_current(turn.session, turn.user_id)
    if running is None:
        raise NotFoundError("No timer is running.")
    return await _end(turn, running, if_match)


async def restart(turn: Turn, entry_id: UUID, asked: StartQuery) -> Row[TimeEntryOut]:
    """A new running timer for what that entry was for.

    Raises NotFoundError where there is no such entry, and what `start` raises.
    """
    state = await writes.state_of(turn, TIME_ENTRIES, entry_id)
    if state is None or state.trashed:
        raise refusals.not_found(TIME_ENTRIES)
    like = msgspec.json.decode(state.body, type=TimeEntryOut)
    entry = TimeEntryPut(
        task_id=like.task_id,
        time_code_id=like.time_code_id,
        work_type_id=like.work_type_id,
        description=like.description,
        tags=like.tags,
    )
    return await _begin(turn, entry, None, asked, time_zone=like.time_zone)


async def _begin(
    turn: Turn, entry: TimeEntryPut, id_: UUID | None, asked: StartQuery, time_zone: str | None = None
) -> Row[TimeEntryOut]:
    started_at = turn.at.replace(microsecond=0)
    if running := await read_current(turn.session, turn.user_id):
        if asked.on_conflict == "reject":
            raise already_running(turn, running.seq, msgspec.Raw(running.body.encode()))
        if running.key == id_:
            # Here, before it is ended: what the answer tells of it must not be what is rolled back.
            raise refusals.exists(turn, TIME_ENTRIES, State(running.seq, False, running.body))
        stopped = await _end(turn, running)
        ended_at = _entry(stopped).ended_at or started_at
        # Where the clock went back, what was stopped began later than now: the new one begins now.
        started_at = ended_at if ended_at <= turn.at + FUTURE_ALLOWED else started_at
        turn = await next_turn(turn)
    values = TIME_ENTRIES.changes(entry) | {"started_at": started_at}
    options = {"overlap": asked.overlap, "time_zone": time_zone}
    return await writes.create(turn, TIME_ENTRIES, values, id_, options)


async def _end(
    turn: Turn, running: Row[TimeEntryOut], if_match: list[Version] | None = None
) -> Row[TimeEntryOut]:
    """Ends it now, or at its start where a client's clock was ahead.

    No rule could refuse it, and the turn is taken: so nothing is read again.
    """
    state = State(running.seq, False, running.body)
    if not writes.matches(turn, state, if_match):
        raise refusals.stale(turn, TIME_ENTRIES, state)
    started_at = _entry(running).started_at or turn.at
    ended_at = max(turn.at.replace(microsecond=0), started_at)
    values = {"ended_at": ended_at, "duration_seconds": int((ended_at - started_at).total_seconds())}
    return await writes.update(turn, TIME_ENTRIES, running.key, values)


def _entry(row: Row[TimeEntryOut]) -> TimeEntryOut:
    return msgspec.json.decode(row.body, type=TimeEntryOut)
