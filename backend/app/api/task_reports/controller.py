"""Reports on tasks over HTTP."""

from datetime import UTC, datetime

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from app.api.task_reports.rules import report_from
from app.api.task_reports.schemas import TaskTimePage, TaskTimeQuery
from app.core.db.session import Session
from app.core.http.answers import page_answer
from app.core.rows.pages import read_page


class TaskReportController(Controller):
    """What the hours add up to."""

    path = "/reports/tasks"
    tags = ("Reports",)

    @get(operation_id="getTaskReport", opt={"query": TaskTimeQuery, "tagged": False})
    async def get_task_report(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        asked: NamedDependency[TaskTimeQuery],
    ) -> Response[TaskTimePage]:
        """The time of your tasks beside what you estimated, a page at a time, the newest task first."""
        # It may hang on the very instant, so it has no tag, and no copy of it stays good.
        listing, question = await report_from(session, user_id, asked, datetime.now(UTC))
        return page_answer(await read_page(session, user_id, listing, question, asked, []), TaskTimePage)
