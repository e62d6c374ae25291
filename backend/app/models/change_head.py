"""The one number per person that orders their changes."""

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlmodel import Field, SQLModel

from app.models.base import USER_ID_MAX, metadata

EPOCH_LENGTH = 12


class ChangeHead(SQLModel, table=True):
    """A person's head: `seq` is the last number given out, `epoch` the life it counts in.

    Every write takes the next number from this row first, which also serializes one person's writes.
    `purged_seq` is the number of the last purge. A counter row changes on every write: pages half
    full keep those updates within the page on Postgres (HOT, the manual's section 66.7).
    """

    __tablename__ = "change_heads"
    __table_args__ = (
        CheckConstraint(f"length(user_id) BETWEEN 1 AND {USER_ID_MAX}", name="user_id_length"),
        CheckConstraint(f"length(epoch) = {EPOCH_LENGTH}", name="epoch_length"),
        CheckConstraint("seq >= 1", name="seq_positive"),
        CheckConstraint("purged_seq BETWEEN 0 AND seq", name="purged_seq_range"),
        {"postgresql_with": {"fillfactor": 50}},
    )
    metadata = metadata

    user_id: str = Field(max_length=USER_ID_MAX, primary_key=True)
    epoch: str = Field(nullable=False, sa_type=String(EPOCH_LENGTH))
    seq: int = Field(nullable=False, sa_type=BigInteger)
    purged_seq: int = Field(nullable=False, sa_type=BigInteger)
