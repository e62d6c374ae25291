"""Create time_codes.

Why: hours are booked on codes of the person's own. A code is unique among the live ones whatever its case,
and only a partial index can say that: what lies in the trash leaves its code to others. A person's codes are
few, so there is no other index than the key and the feed's. A deployment has nothing to move.

Revision ID: 8a3e50c1d6f2
Revises: 4f1d2c7a9b30
Create Date: 2026-11-22 02:10:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision: str = "8a3e50c1d6f2"
down_revision: str | None = "4f1d2c7a9b30"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Uuid().with_variant(sa.CHAR(36), "sqlite")
INSTANT = sa.DateTime(timezone=True)
LIVE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "time_codes",
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", INSTANT, nullable=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("code_key", _in_c_order(sa.String(192)), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", _in_c_order(sa.String(600)), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_time_codes")),
        *_checks(),
    )
    op.create_index(op.f("ix_time_codes_user_id_seq"), "time_codes", ["user_id", "seq"])
    op.create_index(
        "uq_time_codes_code_key",
        "time_codes",
        ["user_id", "code_key"],
        unique=True,
        postgresql_where=LIVE,
        sqlite_where=LIVE,
    )


def downgrade() -> None:
    op.drop_table("time_codes")


def _checks() -> list[sa.CheckConstraint]:
    rules = {
        "user_id_length": "length(user_id) BETWEEN 1 AND 255",
        "seq_positive": "seq >= 1",
        "code_length": "length(code) BETWEEN 1 AND 64",
        "code_key_length": "length(code_key) BETWEEN 1 AND 192",
        "name_length": "length(name) BETWEEN 1 AND 200",
        "name_key_length": "length(name_key) BETWEEN 1 AND 600",
        "description_length": "length(description) <= 5000",
        "keywords_length": "length(CAST(keywords AS TEXT)) BETWEEN 2 AND 76994",
        "examples_length": "length(CAST(examples AS TEXT)) BETWEEN 2 AND 76994",
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_time_codes_{name}")) for name, rule in rules.items()]


def _in_c_order(type_: sa.String) -> sa.String:
    """Code point order, as SQLite has it, whatever the locale of a Postgres database."""
    return type_.with_variant(sa.String(type_.length, collation="C"), "postgresql")
