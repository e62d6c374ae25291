"""What the filters of the work type list mean."""

from typing import Final

from app.api.work_types.queries import WORK_TYPE_LIST
from app.api.work_types.schemas import WorkTypeQuery
from app.core.http.etags import representation_of
from app.core.rows import questions
from app.core.rows.pages import Question

WORK_TYPE_REPRESENTATION: Final = representation_of("work-types-1")
"""Changes with the shape of the answer, so that no copy of an older one is taken for good."""


def question_from(query: WorkTypeQuery) -> Question:
    """The list that a query string asks for."""
    filters = [*questions.by_flag(query.active, "active", "inactive"), *questions.by_text(query.q)]
    return questions.question_from(WORK_TYPE_LIST, query, filters, WORK_TYPE_REPRESENTATION)
