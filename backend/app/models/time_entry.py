"""A time entry: hours that went somewhere."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlmodel import Field
from sqlmodel.sql.sqltypes import UTCDateTime

from app.models.base import TRASHED, Owned, owned_by_user
from app.models.types import FOLDED, TAGS_JSON_MAX, Id, folded

DESCRIPTION_MAX = 5_000
RAW_TEXT_MAX = 5_000
ZONE_MAX = 64
DAY_SECONDS = 86_400
DURATION_MAX = 8029 * 366 * DAY_SECONDS
"""From the first instant to the last: a timer that was forgotten can still be stopped."""

RUNNING = text("started_at IS NOT NULL AND ended_at IS NULL AND deleted_at IS NULL")
LONG = text(f"duration_seconds > {DAY_SECONDS} AND started_at IS NOT NULL")


class TimeEntry(Owned, table=True):
    """An interval, a running timer (no end yet), or a duration on a day (no instants).

    `entry_date` is the day in `time_zone` on which it began, and `duration_seconds` is there unless it
    runs. A person has one running timer at most: the partial unique index says so. The foreign keys are
    composite, so that no entry can point at another person's row.

    What overlaps a stretch of time began less than a day before it (`by_start`), runs, or is one of the
    few that are longer than a day (`long`): so neither a report nor a search for overlaps reads all
    that came before.
    """

    __tablename__ = "time_entries"
    __table_args__ = owned_by_user(
        ForeignKeyConstraint(["user_id", "task_id"], ["tasks.user_id", "tasks.id"]),
        ForeignKeyConstraint(["user_id", "time_code_id"], ["time_codes.user_id", "time_codes.id"]),
        ForeignKeyConstraint(["user_id", "work_type_id"], ["work_types.user_id", "work_types.id"]),
        CheckConstraint("started_at IS NOT NULL OR ended_at IS NULL", name="end_has_start"),
        CheckConstraint("ended_at >= started_at", name="ends_after_start"),
        CheckConstraint(
            "(duration_seconds IS NULL) = (started_at IS NOT NULL AND ended_at IS NULL)",
            name="duration_unless_running",
        ),
        CheckConstraint(f"duration_seconds BETWEEN 0 AND {DURATION_MAX}", name="duration_range"),
        CheckConstraint(
            f"started_at IS NOT NULL OR duration_seconds <= {DAY_SECONDS}", name="duration_within_day"
        ),
        CheckConstraint("entry_date BETWEEN '1969-12-31' AND '9999-01-01'", name="entry_date_range"),
        CheckConstraint(
            "started_at >= '1970-01-01 00:00:00+00' AND started_at < '9999-01-01 00:00:00+00'",
            name="started_at_range",
        ),
        CheckConstraint("ended_at < '9999-01-01 00:00:00+00'", name="ended_at_range"),
        # SQLite writes six digits, Postgres none where there is no fraction.
        *(
            CheckConstraint(
                f"CAST({name} AS TEXT) NOT LIKE '%.%' OR CAST({name} AS TEXT) LIKE '%.000000'",
                name=f"{name}_whole",
            )
            for name in ("started_at", "ended_at")
        ),
        CheckConstraint("NOT locked OR duration_seconds IS NOT NULL", name="locked_is_finished"),
        CheckConstraint(f"length(time_zone) BETWEEN 1 AND {ZONE_MAX}", name="time_zone_length"),
        *(
            CheckConstraint(rule, name=name)
            for column, longest in (("description", DESCRIPTION_MAX), ("raw_text", RAW_TEXT_MAX))
            for name, rule in (
                (f"{column}_length", f"length({column}) <= {longest}"),
                (f"{column}_key_length", f"length({column}_key) <= {longest * FOLDED}"),
                (f"{column}_key_present", f"({column} IS NULL) = ({column}_key IS NULL)"),
            )
        ),
        CheckConstraint(f"length(CAST(tags AS TEXT)) BETWEEN 2 AND {TAGS_JSON_MAX}", name="tags_length"),
        Index(
            "uq_time_entries_running", "user_id", unique=True, postgresql_where=RUNNING, sqlite_where=RUNNING
        ),
        Index("ix_time_entries_by_day", "user_id", "entry_date", "id"),
        Index("ix_time_entries_by_start", "user_id", "started_at"),
        Index("ix_time_entries_long", "user_id", "ended_at", postgresql_where=LONG, sqlite_where=LONG),
        *(
            Index(
                f"ix_time_entries_of_{column}",
                "user_id",
                f"{column}_id",
                postgresql_where=text(f"{column}_id IS NOT NULL"),
                sqlite_where=text(f"{column}_id IS NOT NULL"),
            )
            for column in ("task", "time_code", "work_type")
        ),
        Index("ix_time_entries_trashed", "user_id", "id", postgresql_where=TRASHED, sqlite_where=TRASHED),
    )

    task_id: UUID | None = Field(default=None, sa_type=Id)
    time_code_id: UUID | None = Field(default=None, sa_type=Id)
    work_type_id: UUID | None = Field(default=None, sa_type=Id)
    description: str | None = Field(default=None, sa_type=Text)
    description_key: str | None = folded("description", Text(), nullable=True)
    raw_text: str | None = Field(default=None, sa_type=Text)
    raw_text_key: str | None = folded("raw_text", Text(), nullable=True)
    started_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    entry_date: date
    time_zone: str = Field(max_length=ZONE_MAX)
    duration_seconds: int | None = Field(default=None, sa_type=BigInteger)
    tags: list[str] = Field(default_factory=list, nullable=False, sa_type=JSON)
    locked: bool = Field(default=False, nullable=False)
