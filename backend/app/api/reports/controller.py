"""Reports over HTTP: where the time went, as JSON, as CSV, or drawn."""

from datetime import UTC, datetime

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from app.api.config.queries import preferences_of
from app.api.reports.drawing import DRAWING_CSP, TimeDrawingQuery, draw
from app.api.reports.rules import question_from, read_report
from app.api.reports.schemas import TimeQuery, TimeReport
from app.core.db.session import Session
from app.core.http.accepts import CSV, JSON, SVG
from app.core.http.answers import drawing_answer, negotiated_answer


class ReportController(Controller):
    """What a person's hours add up to."""

    path = "/reports"
    tags = ("Reports",)

    @get("/time", operation_id="getTimeReport", opt={"query": TimeQuery, "forms": (CSV,)})
    async def get_time_report(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        asked: NamedDependency[TimeQuery],
        if_none_match: NamedDependency[list[str]],
        wants_csv: NamedDependency[bool],
    ) -> Response[TimeReport]:
        """Your time, added up by what you ask for; as CSV where Accept likes that better than JSON."""
        question = question_from(asked, await preferences_of(session, user_id), datetime.now(UTC))
        form = CSV if wants_csv else JSON
        told = await read_report(session, user_id, question, form, if_none_match)
        return negotiated_answer(told.tag, told.written(form), form, f"time_{asked.from_}_{asked.to}")

    @get("/time.svg", operation_id="getTimeDrawing", opt={"query": TimeDrawingQuery}, media_type=SVG)
    async def get_time_drawing(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        asked: NamedDependency[TimeDrawingQuery],
        if_none_match: NamedDependency[list[str]],
    ) -> Response[str]:
        """Your time, drawn as bars along days, weeks or months; 304 where your copy is still good."""
        question = question_from(asked, await preferences_of(session, user_id), datetime.now(UTC))
        told = await read_report(session, user_id, question, SVG, if_none_match)
        return drawing_answer(told.tag, draw(told.report) if told.report else None, DRAWING_CSP)
