"""Create idempotency_keys.

Why: who gets no answer to a POST can't know whether it was done, and asks again. The first answer is kept,
under the key that the request bore, in the same transaction as what it did; a repeat gets that answer. It is
kept for a day, so the table stays small, and its primary key is all that finds or purges anything. A
deployment has nothing to move; replicas of the release before ignore the table as they ignore the header.

Revision ID: 90d5a7e3c41b
Revises: 7b48c9f2013e
Create Date: 2026-11-22 04:30:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision: str = "90d5a7e3c41b"
down_revision: str | None = "7b48c9f2013e"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("key", _in_c_order(sa.String(255)), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_keys")),
        *_checks(),
    )


def downgrade() -> None:
    op.drop_table("idempotency_keys")


def _checks() -> list[sa.CheckConstraint]:
    rules = {
        "user_id_length": "length(user_id) BETWEEN 1 AND 255",
        "key_length": "length(key) BETWEEN 1 AND 255",
        "fingerprint_length": "length(fingerprint) = 64",
        "status_range": "status BETWEEN 200 AND 299",
        "headers_length": "length(CAST(headers AS TEXT)) BETWEEN 2 AND 4096",
        "body_length": "length(body) <= 8388608",
    }
    return [
        sa.CheckConstraint(rule, name=op.f(f"ck_idempotency_keys_{name}")) for name, rule in rules.items()
    ]


def _in_c_order(type_: sa.String) -> sa.String:
    """Code point order, as SQLite has it, whatever the locale of a Postgres database."""
    return type_.with_variant(sa.String(type_.length, collation="C"), "postgresql")
