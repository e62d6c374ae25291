"""Work types over HTTP: list, create, read, put, patch, delete, restore."""

from uuid import UUID

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.api.work_types.queries import WORK_TYPE_LIST, WORK_TYPES
from app.api.work_types.rules import question_from
from app.api.work_types.schemas import (
    WORK_TYPE_EXAMPLE,
    WorkTypeNew,
    WorkTypeOut,
    WorkTypePage,
    WorkTypePatch,
    WorkTypePut,
    WorkTypeQuery,
)
from app.core.db.session import Session
from app.core.http.answers import created_answer, page_answer, row_answer
from app.core.http.conditions import IfMatch
from app.core.rows import writes
from app.core.rows.pages import read_page
from app.core.rows.reads import read_row
from app.core.rows.turns import take_turn


class WorkTypeController(Controller):
    """What kinds of work a person tells apart."""

    path = "/work-types"
    tags = ("Work types",)

    @get(operation_id="listWorkTypes", opt={"query": WorkTypeQuery})
    async def list_work_types(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        asked: NamedDependency[WorkTypeQuery],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[WorkTypePage]:
        """Your work types, a page at a time; 304 where your copy is still good."""
        page = await read_page(session, user_id, WORK_TYPE_LIST, question_from(asked), asked, if_none_match)
        return page_answer(page, WorkTypePage)

    @post(operation_id="createWorkType", opt={"example": WORK_TYPE_EXAMPLE})
    async def create_work_type(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        data: JSONBody[WorkTypeNew],
    ) -> Response[WorkTypeOut]:
        """Create a work type, with an id of yours if you like."""
        turn = await take_turn(session, user_id)
        row = await writes.create(turn, WORK_TYPES, WORK_TYPES.changes(data), data.id or None)
        return created_answer(row, WORK_TYPES)

    @get("/{work_type_id:uuid}", operation_id="getWorkType")
    async def get_work_type(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        work_type_id: FromPath[UUID],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[WorkTypeOut]:
        """One work type; 304 where your copy is still good."""
        return row_answer(await read_row(session, user_id, WORK_TYPES, work_type_id), if_none_match)

    @put("/{work_type_id:uuid}", operation_id="putWorkType", opt={"example": WORK_TYPE_EXAMPLE})
    async def put_work_type(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        work_type_id: FromPath[UUID],
        data: JSONBody[WorkTypePut],
        if_match: NamedDependency[IfMatch],
        create_only: NamedDependency[bool],
    ) -> Response[WorkTypeOut]:
        """Make the work type with this id be this: replace it, or create it."""
        turn = await take_turn(session, user_id)
        values = WORK_TYPES.changes(data)
        row, created = await writes.replace(turn, WORK_TYPES, work_type_id, values, if_match, create_only)
        return created_answer(row, WORK_TYPES) if created else row_answer(row)

    @patch("/{work_type_id:uuid}", operation_id="patchWorkType", opt={"example": {"active": False}})
    async def patch_work_type(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        work_type_id: FromPath[UUID],
        data: JSONBody[WorkTypePatch],
        if_match: NamedDependency[IfMatch],
    ) -> Response[WorkTypeOut]:
        """Change some fields of a work type: what is absent stays, `null` clears."""
        turn = await take_turn(session, user_id)
        return row_answer(
            await writes.patch(turn, WORK_TYPES, work_type_id, WORK_TYPES.changes(data), if_match)
        )

    @delete("/{work_type_id:uuid}", operation_id="deleteWorkType")
    async def delete_work_type(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        work_type_id: FromPath[UUID],
        if_match: NamedDependency[IfMatch],
    ) -> None:
        """Move a work type to the trash; its code is free again."""
        await writes.trash(await take_turn(session, user_id), WORK_TYPES, work_type_id, if_match)

    @post(
        "/{work_type_id:uuid}/restore",
        operation_id="restoreWorkType",
        status_code=200,
        opt={"problems": {409}},
    )
    async def restore_work_type(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        work_type_id: FromPath[UUID],
        if_match: NamedDependency[IfMatch],
    ) -> Response[WorkTypeOut]:
        """Take a work type out of the trash, unless its code is taken by now."""
        turn = await take_turn(session, user_id)
        return row_answer(await writes.restore(turn, WORK_TYPES, work_type_id, if_match))
