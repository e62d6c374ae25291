"""Create change_heads and tasks.

Why: the ground that everything else stands on. `change_heads` has one row for each person, with the number
that their last change took; `tasks` is the first table of theirs. The primary key of `tasks` starts with
`user_id` because it is the default list's index and the key to shard by; `idx_user_id` serves the feed and
the order "last changed first"; the partial indexes keep the open tasks' list and the trash as cheap as the
whole list. A head's page is left half full on Postgres, so that its updates stay within the page.

Revision ID: 4f1d2c7a9b30
Revises:
Create Date: 2026-11-22 00:50:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision: str = "4f1d2c7a9b30"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Uuid().with_variant(sa.CHAR(36), "sqlite")
INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("completed_at IS NULL AND deleted_at IS NULL")
TRASHED = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    _create_change_heads()
    _create_tasks()
    _index_tasks()


def downgrade() -> None:
    op.drop_table("tasks")
    op.drop_table("change_heads")


def _create_change_heads() -> None:
    op.create_table(
        "change_heads",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("epoch", sa.String(12), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("purged_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_change_heads")),
        _check("change_heads", "user_id_length", "length(user_id) BETWEEN 1 AND 255"),
        _check("change_heads", "epoch_length", "length(epoch) = 12"),
        _check("change_heads", "seq_positive", "seq >= 1"),
        _check("change_heads", "purged_seq_range", "purged_seq BETWEEN 0 AND seq"),
        postgresql_with={"fillfactor": 50},
    )


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", INSTANT, nullable=True),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("title_key", _in_c_order(sa.String(1500)), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("description_key", _in_c_order(sa.Text()), nullable=True),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("priority", sa.String(6), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_tasks")),
        *_task_checks(),
    )


def _task_checks() -> list[sa.CheckConstraint]:
    rules = {
        "user_id_length": "length(user_id) BETWEEN 1 AND 255",
        "seq_positive": "seq >= 1",
        "title_length": "length(title) BETWEEN 1 AND 500",
        "title_key_length": "length(title_key) BETWEEN 1 AND 1500",
        "description_length": "length(description) <= 20000",
        "description_key_length": "length(description_key) <= 60000",
        "description_key_present": "(description IS NULL) = (description_key IS NULL)",
        "completed_at_present": "completed = (completed_at IS NOT NULL)",
        "priority_known": "priority IN ('none', 'low', 'medium', 'high', 'urgent')",
        "due_once": "due_on IS NULL OR due_at IS NULL",
        "due_on_range": "due_on BETWEEN '1970-01-01' AND '9998-12-31'",
        "due_at_range": "due_at >= '1970-01-01 00:00:00+00' AND due_at < '9999-01-01 00:00:00+00'",
        "tags_length": "length(CAST(tags AS TEXT)) BETWEEN 2 AND 12386",
    }
    return [_check("tasks", name, rule) for name, rule in rules.items()]


def _index_tasks() -> None:
    op.create_index("idx_user_id", "tasks", ["user_id", "seq"])
    _create_partial_index("ix_tasks_open_by_id", ["user_id", "id"], OPEN)
    _create_partial_index("ix_tasks_open_by_seq", ["user_id", "seq"], OPEN)
    _create_partial_index("ix_tasks_trashed", ["user_id", "id"], TRASHED)


def _create_partial_index(name: str, columns: list[str], rows: sa.TextClause) -> None:
    op.create_index(name, "tasks", columns, postgresql_where=rows, sqlite_where=rows)


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _in_c_order(type_: sa.String) -> sa.String:
    """Code point order, as SQLite has it, whatever the locale of a Postgres database."""
    return type_.with_variant(type(type_)(type_.length, collation="C"), "postgresql")
