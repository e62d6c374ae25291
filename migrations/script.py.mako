"""${message}

Why: say here, in prose, what this revision is for, and what a deployment must know.

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | None = ${repr(branch_labels)}
depends_on: str | None = ${repr(depends_on)}

# What old rows could make fail: a SELECT for each, of those rows by name, that runs on the schema before this
# revision. `{"titles that are too long": "SELECT 'tasks ' || id FROM tasks WHERE length(title) > 500"}`
PREFLIGHT: dict[str, str] = {}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
