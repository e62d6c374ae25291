"""What the filters of the time code list mean."""

from typing import Final

from app.api.time_codes.queries import TIME_CODE_LIST
from app.api.time_codes.schemas import TimeCodeQuery
from app.core.http.etags import representation_of
from app.core.rows import questions
from app.core.rows.pages import Question

TIME_CODE_REPRESENTATION: Final = representation_of("time-codes-1")
"""Changes with the shape of the answer, so that no copy of an older one is taken for good."""


def question_from(query: TimeCodeQuery) -> Question:
    """The list that a query string asks for."""
    filters = [*questions.by_flag(query.active, "active", "inactive"), *questions.by_text(query.q)]
    return questions.question_from(TIME_CODE_LIST, query, filters, TIME_CODE_REPRESENTATION)
