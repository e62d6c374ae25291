"""Create time_entries.

Why: this is where hours go. An entry is an interval, a running timer or a duration on a day, and the CHECKs
hold those three shapes; one partial unique index lets a person have one running timer at most. The foreign
keys are composite, so that no entry can point at another person's task, code or type. The indexes serve the
list by day, the reports (by start, and by end for the few entries longer than a day, so that no report reads
what came before it), what refers to a task, code or type, and the trash. A deployment has nothing to move.

Revision ID: d6e1728b95c0
Revises: 51d3f0a8c274
Create Date: 2026-11-22 03:46:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision: str = "d6e1728b95c0"
down_revision: str | None = "51d3f0a8c274"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Uuid().with_variant(sa.CHAR(36), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "time_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", INSTANT, nullable=True),
        sa.Column("task_id", ID, nullable=True),
        sa.Column("time_code_id", ID, nullable=True),
        sa.Column("work_type_id", ID, nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("description_key", _in_c_order(sa.Text()), nullable=True),
        sa.Column("raw_text", sa.Text(), nullable=True),
        sa.Column("raw_text_key", _in_c_order(sa.Text()), nullable=True),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("entry_date", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("duration_seconds", sa.BigInteger(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_time_entries")),
        *_foreign_keys(),
        *_checks(),
    )
    _create_indexes()


def downgrade() -> None:
    op.drop_table("time_entries")


def _foreign_keys() -> list[sa.ForeignKeyConstraint]:
    targets = {"task_id": "tasks", "time_code_id": "time_codes", "work_type_id": "work_types"}
    return [
        sa.ForeignKeyConstraint(
            ["user_id", column],
            [f"{table}.user_id", f"{table}.id"],
            name=op.f(f"fk_time_entries_user_id_{column}_{table}"),
        )
        for column, table in targets.items()
    ]


def _checks() -> list[sa.CheckConstraint]:
    rules = {
        "user_id_length": "length(user_id) BETWEEN 1 AND 255",
        "seq_positive": "seq >= 1",
        "end_has_start": "started_at IS NOT NULL OR ended_at IS NULL",
        "ends_after_start": "ended_at >= started_at",
        "duration_unless_running": (
            "(duration_seconds IS NULL) = (started_at IS NOT NULL AND ended_at IS NULL)"
        ),
        "duration_range": "duration_seconds BETWEEN 0 AND 253896249600",
        "duration_within_day": "started_at IS NOT NULL OR duration_seconds <= 86400",
        "entry_date_range": "entry_date BETWEEN '1969-12-31' AND '9999-01-01'",
        "started_at_range": (
            "started_at >= '1970-01-01 00:00:00+00' AND started_at < '9999-01-01 00:00:00+00'"
        ),
        "ended_at_range": "ended_at < '9999-01-01 00:00:00+00'",
        "started_at_whole": _is_whole("started_at"),
        "ended_at_whole": _is_whole("ended_at"),
        "locked_is_finished": "NOT locked OR duration_seconds IS NOT NULL",
        "time_zone_length": "length(time_zone) BETWEEN 1 AND 64",
        "description_length": "length(description) <= 5000",
        "description_key_length": "length(description_key) <= 15000",
        "description_key_present": "(description IS NULL) = (description_key IS NULL)",
        "raw_text_length": "length(raw_text) <= 5000",
        "raw_text_key_length": "length(raw_text_key) <= 15000",
        "raw_text_key_present": "(raw_text IS NULL) = (raw_text_key IS NULL)",
        "tags_length": "length(CAST(tags AS TEXT)) BETWEEN 2 AND 12386",
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_time_entries_{name}")) for name, rule in rules.items()]


def _is_whole(column: str) -> str:
    """Whole seconds: SQLite writes six digits, Postgres none where there is no fraction."""
    return f"CAST({column} AS TEXT) NOT LIKE '%.%' OR CAST({column} AS TEXT) LIKE '%.000000'"


def _create_indexes() -> None:
    op.create_index(op.f("ix_time_entries_user_id_seq"), "time_entries", ["user_id", "seq"])
    op.create_index("ix_time_entries_by_day", "time_entries", ["user_id", "entry_date", "id"])
    op.create_index("ix_time_entries_by_start", "time_entries", ["user_id", "started_at"])
    partial = {
        "long": (["user_id", "ended_at"], "duration_seconds > 86400 AND started_at IS NOT NULL"),
        "of_task": (["user_id", "task_id"], "task_id IS NOT NULL"),
        "of_time_code": (["user_id", "time_code_id"], "time_code_id IS NOT NULL"),
        "of_work_type": (["user_id", "work_type_id"], "work_type_id IS NOT NULL"),
        "trashed": (["user_id", "id"], "deleted_at IS NOT NULL"),
    }
    for name, (columns, rows) in partial.items():
        _create_partial_index(f"ix_time_entries_{name}", columns, rows)
    running = "started_at IS NOT NULL AND ended_at IS NULL AND deleted_at IS NULL"
    _create_partial_index("uq_time_entries_running", ["user_id"], running, unique=True)


def _create_partial_index(name: str, columns: list[str], rows: str, *, unique: bool = False) -> None:
    where = sa.text(rows)
    op.create_index(name, "time_entries", columns, unique=unique, postgresql_where=where, sqlite_where=where)


def _in_c_order(type_: sa.Text) -> sa.Text:
    """Code point order, as SQLite has it, whatever the locale of a Postgres database."""
    return type_.with_variant(sa.Text(collation="C"), "postgresql")
