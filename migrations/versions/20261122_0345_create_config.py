"""Create config.

Why: reports and the timer need to know a person's zone, week and rounding, and frontends want a place for
what they remember. A setting is a row with a version like any other, but its key is what it is: it has no
id. Keys are of plain characters, so that both engines order and compare them alike. A value is text on
SQLite, where a column called JSON would keep 15 digits of a lone number. A person's settings are few, so
there is no other index than the key and the feed's. A deployment has nothing to move.

Revision ID: 51d3f0a8c274
Revises: c07b94e2a815
Create Date: 2026-11-22 03:45:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision: str = "51d3f0a8c274"
down_revision: str | None = "c07b94e2a815"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)
CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"


def upgrade() -> None:
    op.create_table(
        "config",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("key", _in_c_order(sa.String(100)), nullable=False),
        sa.Column("value", sa.JSON().with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("deleted_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_config")),
        *_checks(),
    )
    op.create_index(op.f("ix_config_user_id_seq"), "config", ["user_id", "seq"])


def downgrade() -> None:
    op.drop_table("config")


def _checks() -> list[sa.CheckConstraint]:
    rules = {
        "user_id_length": "length(user_id) BETWEEN 1 AND 255",
        "seq_positive": "seq >= 1",
        "key_length": "length(key) BETWEEN 1 AND 100",
        "key_characters": f"rtrim(key, '{CHARACTERS}') = ''",
        "value_length": "length(CAST(value AS TEXT)) BETWEEN 1 AND 16384",
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_config_{name}")) for name, rule in rules.items()]


def _in_c_order(type_: sa.String) -> sa.String:
    """Code point order, as SQLite has it, whatever the locale of a Postgres database."""
    return type_.with_variant(sa.String(type_.length, collation="C"), "postgresql")
