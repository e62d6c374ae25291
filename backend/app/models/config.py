"""A person's settings, by key."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, CheckConstraint, Index, PrimaryKeyConstraint, String
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from app.models.base import USER_ID_MAX, metadata
from app.models.types import JsonText

KEY_MAX = 100
KEY_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
VALUE_MAX = 16 * 1024


class Config(SQLModel, table=True):
    """One setting: its key, and its value as canonical JSON text.

    It has no id and no moment of creation: its key is what it is. Otherwise it is a row like the
    others, with a version, and a trash that is its tombstone.
    """

    __tablename__ = "config"
    __table_args__ = (
        PrimaryKeyConstraint("user_id", "key"),
        CheckConstraint(f"length(user_id) BETWEEN 1 AND {USER_ID_MAX}", name="user_id_length"),
        CheckConstraint("seq >= 1", name="seq_positive"),
        CheckConstraint(f"length(key) BETWEEN 1 AND {KEY_MAX}", name="key_length"),
        CheckConstraint(f"rtrim(key, '{KEY_CHARACTERS}') = ''", name="key_characters"),
        CheckConstraint(f"length(CAST(value AS TEXT)) BETWEEN 1 AND {VALUE_MAX}", name="value_length"),
        Index(None, "user_id", "seq"),
    )
    metadata = metadata

    user_id: str = Field(max_length=USER_ID_MAX, primary_key=True)
    key: str = Field(
        primary_key=True,
        sa_type=cast(Any, String(KEY_MAX).with_variant(String(KEY_MAX, collation="C"), "postgresql")),
    )
    value: Any = Field(nullable=False, sa_type=JsonText)
    seq: int = Field(nullable=False, sa_type=BigInteger)
    updated_at: datetime = Field(nullable=False, sa_type=UTCDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
