"""Create work_types.

Why: beside what hours are booked on, people tell what kind of work they were: review, travel, support. A
type has a code as time codes have, unique among the live ones whatever its case by the same kind of partial
index. A deployment has nothing to move.

Revision ID: c07b94e2a815
Revises: 8a3e50c1d6f2
Create Date: 2026-11-22 02:12:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision: str = "c07b94e2a815"
down_revision: str | None = "8a3e50c1d6f2"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Uuid().with_variant(sa.CHAR(36), "sqlite")
INSTANT = sa.DateTime(timezone=True)
LIVE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "work_types",
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
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_work_types")),
        *_checks(),
    )
    op.create_index(op.f("ix_work_types_user_id_seq"), "work_types", ["user_id", "seq"])
    op.create_index(
        "uq_work_types_code_key",
        "work_types",
        ["user_id", "code_key"],
        unique=True,
        postgresql_where=LIVE,
        sqlite_where=LIVE,
    )


def downgrade() -> None:
    op.drop_table("work_types")


def _checks() -> list[sa.CheckConstraint]:
    rules = {
        "user_id_length": "length(user_id) BETWEEN 1 AND 255",
        "seq_positive": "seq >= 1",
        "code_length": "length(code) BETWEEN 1 AND 64",
        "code_key_length": "length(code_key) BETWEEN 1 AND 192",
        "name_length": "length(name) BETWEEN 1 AND 200",
        "name_key_length": "length(name_key) BETWEEN 1 AND 600",
        "description_length": "length(description) <= 5000",
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_work_types_{name}")) for name, rule in rules.items()]


def _in_c_order(type_: sa.String) -> sa.String:
    """Code point order, as SQLite has it, whatever the locale of a Postgres database."""
    return type_.with_variant(sa.String(type_.length, collation="C"), "postgresql")
