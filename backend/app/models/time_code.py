"""A time code: what hours are booked on."""

from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field

from app.models.coded import Coded, coded_by_user

PHRASE_MAX = 200
PHRASES_MAX = 64
PHRASES_JSON_MAX = PHRASES_MAX * (PHRASE_MAX * 6 + 3) + 2


class TimeCode(Coded, table=True):
    """A code that hours are booked on.

    A frontend matches what people type against `keywords` and `examples`.
    """

    __tablename__ = "time_codes"
    __table_args__ = coded_by_user(
        "time_codes",
        CheckConstraint(
            f"length(CAST(keywords AS TEXT)) BETWEEN 2 AND {PHRASES_JSON_MAX}", name="keywords_length"
        ),
        CheckConstraint(
            f"length(CAST(examples AS TEXT)) BETWEEN 2 AND {PHRASES_JSON_MAX}", name="examples_length"
        ),
    )

    keywords: list[str] = Field(default_factory=list, nullable=False, sa_type=JSON)
    examples: list[str] = Field(default_factory=list, nullable=False, sa_type=JSON)
