"""Time codes over HTTP: list, create, read, put, patch, delete, restore."""

from uuid import UUID

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.api.time_codes.queries import TIME_CODE_LIST, TIME_CODES
from app.api.time_codes.rules import question_from
from app.api.time_codes.schemas import (
    TIME_CODE_EXAMPLE,
    TimeCodeNew,
    TimeCodeOut,
    TimeCodePage,
    TimeCodePatch,
    TimeCodePut,
    TimeCodeQuery,
)
from app.core.db.session import Session
from app.core.http.answers import created_answer, page_answer, row_answer
from app.core.http.conditions import IfMatch
from app.core.rows import writes
from app.core.rows.pages import read_page
from app.core.rows.reads import read_row
from app.core.rows.turns import take_turn


class TimeCodeController(Controller):
    """What a person books hours on."""

    path = "/time-codes"
    tags = ("Time codes",)

    @get(operation_id="listTimeCodes", opt={"query": TimeCodeQuery})
    async def list_time_codes(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        asked: NamedDependency[TimeCodeQuery],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[TimeCodePage]:
        """Your time codes, a page at a time; 304 where your copy is still good."""
        page = await read_page(session, user_id, TIME_CODE_LIST, question_from(asked), asked, if_none_match)
        return page_answer(page, TimeCodePage)

    @post(operation_id="createTimeCode", opt={"example": TIME_CODE_EXAMPLE})
    async def create_time_code(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        data: JSONBody[TimeCodeNew],
    ) -> Response[TimeCodeOut]:
        """Create a time code, with an id of yours if you like."""
        turn = await take_turn(session, user_id)
        row = await writes.create(turn, TIME_CODES, TIME_CODES.changes(data), data.id or None)
        return created_answer(row, TIME_CODES)

    @get("/{time_code_id:uuid}", operation_id="getTimeCode")
    async def get_time_code(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_code_id: FromPath[UUID],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[TimeCodeOut]:
        """One time code; 304 where your copy is still good."""
        return row_answer(await read_row(session, user_id, TIME_CODES, time_code_id), if_none_match)

    @put("/{time_code_id:uuid}", operation_id="putTimeCode", opt={"example": TIME_CODE_EXAMPLE})
    async def put_time_code(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_code_id: FromPath[UUID],
        data: JSONBody[TimeCodePut],
        if_match: NamedDependency[IfMatch],
        create_only: NamedDependency[bool],
    ) -> Response[TimeCodeOut]:
        """Make the time code with this id be this: replace it, or create it."""
        turn = await take_turn(session, user_id)
        values = TIME_CODES.changes(data)
        row, created = await writes.replace(turn, TIME_CODES, time_code_id, values, if_match, create_only)
        return created_answer(row, TIME_CODES) if created else row_answer(row)

    @patch("/{time_code_id:uuid}", operation_id="patchTimeCode", opt={"example": {"active": False}})
    async def patch_time_code(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_code_id: FromPath[UUID],
        data: JSONBody[TimeCodePatch],
        if_match: NamedDependency[IfMatch],
    ) -> Response[TimeCodeOut]:
        """Change some fields of a time code: what is absent stays, `null` clears."""
        turn = await take_turn(session, user_id)
        return row_answer(
            await writes.patch(turn, TIME_CODES, time_code_id, TIME_CODES.changes(data), if_match)
        )

    @delete("/{time_code_id:uuid}", operation_id="deleteTimeCode")
    async def delete_time_code(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_code_id: FromPath[UUID],
        if_match: NamedDependency[IfMatch],
    ) -> None:
        """Move a time code to the trash; its code is free again."""
        await writes.trash(await take_turn(session, user_id), TIME_CODES, time_code_id, if_match)

    @post(
        "/{time_code_id:uuid}/restore",
        operation_id="restoreTimeCode",
        status_code=200,
        opt={"problems": {409}},
    )
    async def restore_time_code(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        time_code_id: FromPath[UUID],
        if_match: NamedDependency[IfMatch],
    ) -> Response[TimeCodeOut]:
        """Take a time code out of the trash, unless its code is taken by now."""
        turn = await take_turn(session, user_id)
        return row_answer(await writes.restore(turn, TIME_CODES, time_code_id, if_match))
