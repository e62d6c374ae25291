"""What time codes and work types share: a code that a person picks from a list, and what it stands for."""

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.sql.schema import SchemaItem
from sqlmodel import Field

from app.models.base import LIVE, Owned, owned_by_user
from app.models.types import FOLDED, folded

CODE_MAX = 64
NAME_MAX = 200
CODE_DESCRIPTION_MAX = 5_000


class Coded(Owned):
    """A row with a code, unique per person among the live ones, whatever its case.

    `active` = false keeps it for what is booked already and hides it from who picks one.
    """

    code: str = Field(max_length=CODE_MAX)
    code_key: str = folded("code", String(CODE_MAX * FOLDED))
    name: str = Field(max_length=NAME_MAX)
    name_key: str = folded("name", String(NAME_MAX * FOLDED))
    description: str | None = Field(default=None, sa_type=Text)
    active: bool = Field(default=True, nullable=False)


def coded_by_user(table: str, *more: SchemaItem) -> tuple[SchemaItem, ...]:
    """The table arguments of every `Coded` model, and those of its own.

    The codes are unique by a partial index: what lies in the trash leaves its code to others.
    """
    return owned_by_user(
        CheckConstraint(f"length(code) BETWEEN 1 AND {CODE_MAX}", name="code_length"),
        CheckConstraint(f"length(code_key) BETWEEN 1 AND {CODE_MAX * FOLDED}", name="code_key_length"),
        CheckConstraint(f"length(name) BETWEEN 1 AND {NAME_MAX}", name="name_length"),
        CheckConstraint(f"length(name_key) BETWEEN 1 AND {NAME_MAX * FOLDED}", name="name_key_length"),
        CheckConstraint(f"length(description) <= {CODE_DESCRIPTION_MAX}", name="description_length"),
        Index(
            f"uq_{table}_code_key",
            "user_id",
            "code_key",
            unique=True,
            postgresql_where=LIVE,
            sqlite_where=LIVE,
        ),
        *more,
    )
