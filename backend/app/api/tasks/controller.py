"""Tasks over HTTP: list, create, read, put, patch, delete, restore."""

from datetime import UTC, datetime
from uuid import UUID

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.api.tasks.queries import TASK_LIST, TASKS
from app.api.tasks.rules import question_from
from app.api.tasks.schemas import TASK_EXAMPLE, TaskNew, TaskOut, TaskPage, TaskPatch, TaskPut, TaskQuery
from app.core.db.session import Session
from app.core.http.answers import created_answer, page_answer, row_answer
from app.core.http.conditions import IfMatch
from app.core.rows import writes
from app.core.rows.pages import read_page
from app.core.rows.reads import read_row
from app.core.rows.turns import take_turn


class TaskController(Controller):
    """What a person means to do."""

    path = "/tasks"
    tags = ("Tasks",)

    @get(operation_id="listTasks", opt={"query": TaskQuery})
    async def list_tasks(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        asked: NamedDependency[TaskQuery],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[TaskPage]:
        """Your tasks, a page at a time; 304 where your copy is still good."""
        question = question_from(asked, datetime.now(UTC))
        page = await read_page(session, user_id, TASK_LIST, question, asked, if_none_match)
        return page_answer(page, TaskPage)

    @post(operation_id="createTask", opt={"example": TASK_EXAMPLE})
    async def create_task(
        self, session: NamedDependency[Session], user_id: NamedDependency[str], data: JSONBody[TaskNew]
    ) -> Response[TaskOut]:
        """Create a task, with an id of yours if you like."""
        turn = await take_turn(session, user_id)
        row = await writes.create(turn, TASKS, TASKS.changes(data), data.id or None)
        return created_answer(row, TASKS)

    @get("/{task_id:uuid}", operation_id="getTask")
    async def get_task(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        task_id: FromPath[UUID],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[TaskOut]:
        """One task; 304 where your copy is still good."""
        return row_answer(await read_row(session, user_id, TASKS, task_id), if_none_match)

    @put("/{task_id:uuid}", operation_id="putTask", opt={"example": TASK_EXAMPLE})
    async def put_task(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        task_id: FromPath[UUID],
        data: JSONBody[TaskPut],
        if_match: NamedDependency[IfMatch],
        create_only: NamedDependency[bool],
    ) -> Response[TaskOut]:
        """Make the task with this id be this: replace it, or create it."""
        turn = await take_turn(session, user_id)
        values = TASKS.changes(data)
        row, created = await writes.replace(turn, TASKS, task_id, values, if_match, create_only)
        return created_answer(row, TASKS) if created else row_answer(row)

    @patch("/{task_id:uuid}", operation_id="patchTask", opt={"example": {"completed": True}})
    async def patch_task(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        task_id: FromPath[UUID],
        data: JSONBody[TaskPatch],
        if_match: NamedDependency[IfMatch],
    ) -> Response[TaskOut]:
        """Change some fields of a task: what is absent stays, `null` clears."""
        turn = await take_turn(session, user_id)
        return row_answer(await writes.patch(turn, TASKS, task_id, TASKS.changes(data), if_match))

    @delete("/{task_id:uuid}", operation_id="deleteTask")
    async def delete_task(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        task_id: FromPath[UUID],
        if_match: NamedDependency[IfMatch],
    ) -> None:
        """Move a task to the trash."""
        await writes.trash(await take_turn(session, user_id), TASKS, task_id, if_match)

    @post("/{task_id:uuid}/restore", operation_id="restoreTask", status_code=200)
    async def restore_task(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        task_id: FromPath[UUID],
        if_match: NamedDependency[IfMatch],
    ) -> Response[TaskOut]:
        """Take a task out of the trash."""
        turn = await take_turn(session, user_id)
        return row_answer(await writes.restore(turn, TASKS, task_id, if_match))
