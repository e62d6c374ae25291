"""What every table shares: id and times (`BaseModel`), owner and version (`Owned`)."""

from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, MetaData, PrimaryKeyConstraint, String, Table, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.sql.schema import SchemaItem
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.ids import created_at_of, new_id
from app.models.types import Id

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = NAMING_CONVENTION

USER_ID_MAX = 255

LIVE = text("deleted_at IS NULL")
TRASHED = text("deleted_at IS NOT NULL")
"""What partial indexes hold."""


def _now() -> datetime:
    return datetime.now(UTC)


def _moment_of_id(context: DefaultExecutionContext) -> datetime:
    return created_at_of(context.get_current_parameters()["id"])  # type: ignore[no-untyped-call] # not typed there


class BaseModel(SQLModel):
    """Identity and times, aware and in UTC.

    `id` is a UUID version 7, and `created_at` the moment it carries (RFC 9562 §5.7); `updated_at` moves
    on every change.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Id)
    created_at: datetime = Field(
        default=None, nullable=False, sa_type=UTCDateTime, sa_column_kwargs={"default": _moment_of_id}
    )
    updated_at: datetime = Field(
        default=None,
        nullable=False,
        sa_type=UTCDateTime,
        sa_column_kwargs={"default": _now, "onupdate": _now},
    )


class Owned(BaseModel):
    """A row of one person's: the owner's `sub`, the row's version, and when it went to the trash."""

    user_id: str = Field(max_length=USER_ID_MAX, primary_key=True, sa_type=cast(Any, String(USER_ID_MAX)))
    seq: int = Field(nullable=False, sa_type=BigInteger)
    deleted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


def owned_by_user(*more: SchemaItem, feed_index: str | None = None) -> tuple[SchemaItem, ...]:
    """The table arguments of every `Owned` model, and those of its own.

    The primary key is (`user_id`, `id`), in that order: the default list's index, the shard key, and
    what foreign keys name. The feed's index is (`user_id`, `seq`); `feed_index` names it where the
    naming convention's name is not wanted.
    """
    return (
        PrimaryKeyConstraint("user_id", "id"),
        CheckConstraint(f"length(user_id) BETWEEN 1 AND {USER_ID_MAX}", name="user_id_length"),
        CheckConstraint("seq >= 1", name="seq_positive"),
        Index(feed_index, "user_id", "seq"),
        *more,
    )


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model class."""
    return cast(Table, getattr(model, "__table__"))  # noqa: B009 (mypy does not know SQLModel's attribute)
