"""Time entries over HTTP: list, create, read, put, patch, delete, restore."""

from uuid import UUID

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.api.time_entries.queries import TIME_ENTRIES, TIME_ENTRY_LIST
from app.api.time_entries.rules import question_from
from app.api.time_entries.schemas import (
    ENTRY_EXAMPLE,
    OverlapQuery,
    TimeEntryNew,
    TimeEntryOut,
    TimeEntryPage,
    TimeEntryPatch,
    TimeEntryPut,
    TimeEntryQuery,
)
from app.core.db.session import Session
from app.core.http.answers import created_answer, page_answer, row_answer
from app.core.http.conditions import IfMatch
from app.core.rows import writes
from app.core.rows.pages import read_page
from app.core.rows.reads import read_row
from app.core.rows.turns import take_turn


class TimeEntryController(Controller):
    """Where a person's hours went."""

    path = "/time-entries"
    tags = ("Time entries",)

    @get(operation_id="listTimeEntries", opt={"query": TimeEntryQuery})
    async def list_time_entries(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        asked: NamedDependency[TimeEntryQuery],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[TimeEntryPage]:
        """Your time entries, a page at a time; 304 where your copy is still good."""
        page = await read_page(session, user_id, TIME_ENTRY_LIST, question_from(asked), asked, if_none_match)
        return page_answer(page, TimeEntryPage)

    @post(operation_id="createTimeEntry", opt={"example": ENTRY_EXAMPLE, "query": OverlapQuery})
    async def create_time_entry(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        data: JSONBody[TimeEntryNew],
        asked: NamedDependency[OverlapQuery],
    ) -> Response[TimeEntryOut]:
        """Create a time entry, with an id of yours if you like."""
        turn = await take_turn(session, user_id)
        values, options = TIME_ENTRIES.changes(data), {"overlap": asked.overlap}
        row = await writes.create(turn, TIME_ENTRIES, values, data.id or None, options)
        return created_answer(row, TIME_ENTRIES)

    @get("/{time_entry_id:uuid}", operation_id="getTimeEntry")
    async def get_time_entry(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_entry_id: FromPath[UUID],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[TimeEntryOut]:
        """One time entry; 304 where your copy is still good."""
        return row_answer(await read_row(session, user_id, TIME_ENTRIES, time_entry_id), if_none_match)

    @put(
        "/{time_entry_id:uuid}",
        operation_id="putTimeEntry",
        opt={"example": ENTRY_EXAMPLE, "query": OverlapQuery},
    )
    async def put_time_entry(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_entry_id: FromPath[UUID],
        data: JSONBody[TimeEntryPut],
        asked: NamedDependency[OverlapQuery],
        if_match: NamedDependency[IfMatch],
        create_only: NamedDependency[bool],
    ) -> Response[TimeEntryOut]:
        """Make the time entry with this id be this: replace it, or create it."""
        turn = await take_turn(session, user_id)
        values, options = TIME_ENTRIES.changes(data), {"overlap": asked.overlap}
        row, created = await writes.replace(
            turn, TIME_ENTRIES, time_entry_id, values, if_match, create_only, options
        )
        return created_answer(row, TIME_ENTRIES) if created else row_answer(row)

    @patch(
        "/{time_entry_id:uuid}",
        operation_id="patchTimeEntry",
        opt={"example": {"ended_at": "2026-05-01T11:00:00Z"}, "query": OverlapQuery},
    )
    async def patch_time_entry(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_entry_id: FromPath[UUID],
        data: JSONBody[TimeEntryPatch],
        asked: NamedDependency[OverlapQuery],
        if_match: NamedDependency[IfMatch],
    ) -> Response[TimeEntryOut]:
        """Change some fields of a time entry: what is absent stays or follows, `null` clears."""
        turn = await take_turn(session, user_id)
        values, options = TIME_ENTRIES.changes(data), {"overlap": asked.overlap}
        return row_answer(await writes.patch(turn, TIME_ENTRIES, time_entry_id, values, if_match, options))

    @delete("/{time_entry_id:uuid}", operation_id="deleteTimeEntry", opt={"problems": {409}})
    async def delete_time_entry(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_entry_id: FromPath[UUID],
        if_match: NamedDependency[IfMatch],
    ) -> None:
        """Move a time entry to the trash."""
        await writes.trash(await take_turn(session, user_id), TIME_ENTRIES, time_entry_id, if_match)

    @post(
        "/{time_entry_id:uuid}/restore",
        operation_id="restoreTimeEntry",
        status_code=200,
        opt={"problems": {409}, "query": OverlapQuery},
    )
    async def restore_time_entry(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_entry_id: FromPath[UUID],
        asked: NamedDependency[OverlapQuery],
        if_match: NamedDependency[IfMatch],
    ) -> Response[TimeEntryOut]:
        """Take a time entry out of the trash."""
        turn = await take_turn(session, user_id)
        options = {"overlap": asked.overlap}
        return row_answer(await writes.restore(turn, TIME_ENTRIES, time_entry_id, if_match, options))
