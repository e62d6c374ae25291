"""Add estimate_seconds to tasks.

Why: what a task was thought to take stands beside what it took. A task without an estimate has NULL, so
running replicas of the release before need not know of the column. The CHECK comes with the column in one
plain ALTER TABLE, which both engines understand, so that SQLite need not copy the table.

Revision ID: 7b48c9f2013e
Revises: d6e1728b95c0
Create Date: 2026-11-22 03:47:00+00:00
"""

from alembic import op

revision: str = "7b48c9f2013e"
down_revision: str | None = "d6e1728b95c0"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE tasks ADD COLUMN estimate_seconds BIGINT"
        " CONSTRAINT ck_tasks_estimate_seconds_range CHECK (estimate_seconds BETWEEN 0 AND 360000000)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE tasks DROP COLUMN estimate_seconds")
