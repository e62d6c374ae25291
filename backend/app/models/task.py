"""A task: something a person means to do."""

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, String, Text, text
from sqlmodel import Field
from sqlmodel.sql.sqltypes import UTCDateTime

from app.models.base import TRASHED, Owned, owned_by_user
from app.models.types import FOLDED, TAGS_JSON_MAX, folded

TITLE_MAX = 500
DESCRIPTION_MAX = 20_000
ESTIMATE_MAX = 100_000 * 3600
"""Seconds: more than a working life."""
PRIORITIES = ("none", "low", "medium", "high", "urgent")
"""By rank: the least first."""

OPEN = text("completed_at IS NULL AND deleted_at IS NULL")


class Task(Owned, table=True):
    """A task, due on a day (`due_on`) or at an instant (`due_at`) or never.

    `title_key` and `description_key` are what is compared, searched and sorted: `fold` of the text.
    The partial indexes keep the open tasks' list and the trash as cheap as the whole list, by
    creation and by last change.
    """

    __tablename__ = "tasks"
    __table_args__ = owned_by_user(
        CheckConstraint(f"length(title) BETWEEN 1 AND {TITLE_MAX}", name="title_length"),
        CheckConstraint(f"length(title_key) BETWEEN 1 AND {TITLE_MAX * FOLDED}", name="title_key_length"),
        CheckConstraint(f"length(description) <= {DESCRIPTION_MAX}", name="description_length"),
        CheckConstraint(
            f"length(description_key) <= {DESCRIPTION_MAX * FOLDED}", name="description_key_length"
        ),
        CheckConstraint("(description IS NULL) = (description_key IS NULL)", name="description_key_present"),
        CheckConstraint("completed = (completed_at IS NOT NULL)", name="completed_at_present"),
        CheckConstraint(f"priority IN ({', '.join(map(repr, PRIORITIES))})", name="priority_known"),
        CheckConstraint("due_on IS NULL OR due_at IS NULL", name="due_once"),
        CheckConstraint("due_on BETWEEN '1970-01-01' AND '9998-12-31'", name="due_on_range"),
        CheckConstraint(
            "due_at >= '1970-01-01 00:00:00+00' AND due_at < '9999-01-01 00:00:00+00'", name="due_at_range"
        ),
        CheckConstraint(f"length(CAST(tags AS TEXT)) BETWEEN 2 AND {TAGS_JSON_MAX}", name="tags_length"),
        CheckConstraint(f"estimate_seconds BETWEEN 0 AND {ESTIMATE_MAX}", name="estimate_seconds_range"),
        Index("ix_tasks_open_by_id", "user_id", "id", postgresql_where=OPEN, sqlite_where=OPEN),
        Index("ix_tasks_open_by_seq", "user_id", "seq", postgresql_where=OPEN, sqlite_where=OPEN),
        Index("ix_tasks_trashed", "user_id", "id", postgresql_where=TRASHED, sqlite_where=TRASHED),
        feed_index="idx_user_id",
    )

    title: str = Field(max_length=TITLE_MAX)
    title_key: str = folded("title", String(TITLE_MAX * FOLDED))
    description: str | None = Field(default=None, sa_type=Text)
    description_key: str | None = folded("description", Text(), nullable=True)
    completed: bool = Field(default=False, nullable=False)
    completed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    priority: str = Field(default="none", sa_type=cast(Any, String(6)))
    due_on: date | None = None
    due_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    tags: list[str] = Field(default_factory=list, nullable=False, sa_type=JSON)
    estimate_seconds: int | None = Field(default=None, sa_type=BigInteger)
