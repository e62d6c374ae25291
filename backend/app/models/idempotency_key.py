"""Answers kept for who asks again."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import JSON, CheckConstraint, Integer, PrimaryKeyConstraint, String, Text
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from app.models.base import USER_ID_MAX, metadata

IDEMPOTENCY_KEY_MAX = 255
FINGERPRINT_LENGTH = 64
HEADERS_MAX = 4096
ANSWER_MAX = 8 * 1024 * 1024
"""Characters of an answer: more than any row has; a batch that would answer more is refused."""


class IdempotencyKey(SQLModel, table=True):
    """The first answer to a request that bore this key, written in the transaction of what it did.

    It is no row of the person's own: it has no version, and no feed shows it. There is no index by age:
    the primary key finds a person's keys, of which there are those of a day or two.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        PrimaryKeyConstraint("user_id", "key"),
        CheckConstraint(f"length(user_id) BETWEEN 1 AND {USER_ID_MAX}", name="user_id_length"),
        CheckConstraint(f"length(key) BETWEEN 1 AND {IDEMPOTENCY_KEY_MAX}", name="key_length"),
        CheckConstraint(f"length(fingerprint) = {FINGERPRINT_LENGTH}", name="fingerprint_length"),
        CheckConstraint("status BETWEEN 200 AND 299", name="status_range"),
        CheckConstraint(f"length(CAST(headers AS TEXT)) BETWEEN 2 AND {HEADERS_MAX}", name="headers_length"),
        CheckConstraint(f"length(body) <= {ANSWER_MAX}", name="body_length"),
    )
    metadata = metadata

    user_id: str = Field(max_length=USER_ID_MAX, primary_key=True)
    key: str = Field(
        primary_key=True,
        sa_type=cast(
            Any,
            String(IDEMPOTENCY_KEY_MAX).with_variant(
                String(IDEMPOTENCY_KEY_MAX, collation="C"), "postgresql"
            ),
        ),
    )
    fingerprint: str = Field(nullable=False, sa_type=cast(Any, String(FINGERPRINT_LENGTH)))
    status: int = Field(nullable=False, sa_type=Integer)
    headers: dict[str, str] = Field(nullable=False, sa_type=JSON)
    body: str = Field(nullable=False, sa_type=Text)
    created_at: datetime = Field(nullable=False, sa_type=UTCDateTime)
