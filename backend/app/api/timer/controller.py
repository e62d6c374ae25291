"""The timer over HTTP: start, stop, restart, and what runs now."""

from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from app.api.time_entries.queries import TIME_ENTRIES
from app.api.time_entries.schemas import TimeEntryOut
from app.api.timer import rules
from app.api.timer.queries import read_current
from app.api.timer.schemas import TIMER_EXAMPLE, StartQuery, TimerStart
from app.core.db.session import Session
from app.core.http.answers import created_answer, row_answer, row_or_nothing
from app.core.http.conditions import IfMatch
from app.core.rows.turns import take_turn


class TimerController(Controller):
    """The one time entry that runs, by the server's clock."""

    path = "/time-entries"
    tags = ("Timer",)

    @post("/start", operation_id="startTimer", opt={"example": TIMER_EXAMPLE, "query": StartQuery})
    async def start_timer(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        data: JSONBody[TimerStart | None],
        asked: NamedDependency[StartQuery],
    ) -> Response[TimeEntryOut]:
        """Start a timer now; the one that runs is stopped at the same instant."""
        row = await rules.start(await take_turn(session, user_id), data or TimerStart(), asked)
        return created_answer(row, TIME_ENTRIES)

    @post("/stop", operation_id="stopTimer", status_code=200, opt={"problems": {404}})
    async def stop_timer(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        if_match: NamedDependency[IfMatch],
    ) -> Response[TimeEntryOut]:
        """Stop the running timer now; 404 where none runs."""
        return row_answer(await rules.stop(await take_turn(session, user_id), if_match))

    @post(
        "/{time_entry_id:uuid}/restart",
        operation_id="restartTimer",
        opt={"query": StartQuery, "problems": {409}},
    )
    async def restart_timer(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_entry_id: FromPath[UUID],
        asked: NamedDependency[StartQuery],
    ) -> Response[TimeEntryOut]:
        """Start a timer for what that entry was for."""
        row = await rules.restart(await take_turn(session, user_id), time_entry_id, asked)
        return created_answer(row, TIME_ENTRIES)

    @get(
        "/current",
        operation_id="getCurrentTimer",
        responses={204: ResponseSpec(None, description="No timer runs.", generate_examples=False)},
    )
    async def get_current_timer(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[TimeEntryOut]:
        """The running timer; 204 where none runs, 304 where your copy is still good."""
        return row_or_nothing(await read_current(session, user_id), if_none_match)
