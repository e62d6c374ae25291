"""Good rows of every kind, as two people would have them: for what has to hold with rows in place."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session, SQLModel

from app.core.ids import new_id
from app.models.change_head import ChangeHead
from app.models.config import Config
from app.models.idempotency_key import IdempotencyKey
from app.models.task import Task
from app.models.time_code import TimeCode
from app.models.time_entry import TimeEntry
from app.models.work_type import WorkType

NINE = datetime(2026, 5, 1, 9, tzinfo=UTC)
PRIVATE = "nobody-elses-business"
"""Part of every text that is theirs: it has no place in what an operator is told."""
INTERVALS = 20


def entry_of(user_id: str, seq: int, **fields: Any) -> TimeEntry:
    """A duration on a day, unless the fields say otherwise."""
    given: dict[str, Any] = {
        "entry_date": date(2026, 5, 1),
        "time_zone": "Europe/Berlin",
        "duration_seconds": 3600,
    }
    return TimeEntry(user_id=user_id, seq=seq, **given | fields)


def interval_of(user_id: str, seq: int, seconds: int, **fields: Any) -> TimeEntry:
    """An interval of so many seconds."""
    end = NINE + timedelta(seconds=seconds)
    return entry_of(user_id, seq, started_at=NINE, ended_at=end, duration_seconds=seconds, **fields)


def running_of(user_id: str, seq: int, **fields: Any) -> TimeEntry:
    """A running timer."""
    return entry_of(user_id, seq, started_at=NINE, duration_seconds=None, **fields)


def add_rows(connection: Connection) -> None:
    """Alice's and Bob's rows: each kind of row, live and in the trash, and each shape of entry."""
    with Session(connection) as session:
        for user_id in ("alice", "bob"):
            numbers = count(1)
            named = _named(user_id, numbers)
            session.add_all(named)
            session.flush()  # what entries refer to comes first
            session.add_all([*_entries(user_id, numbers, *named[:3]), *_settings(user_id, numbers)])
            session.add(_answer(user_id))
            session.add(ChangeHead(user_id=user_id, epoch="0123456789ab", seq=next(numbers), purged_seq=0))
        session.flush()


def _named(user_id: str, numbers: Any) -> list[Any]:
    made: list[tuple[type[SQLModel], dict[str, Any]]] = [
        (Task, {"title": f"Water the plants {PRIVATE}"}),
        (TimeCode, {"code": PRIVATE, "name": "Acme", "keywords": [PRIVATE]}),
        (WorkType, {"code": PRIVATE, "name": PRIVATE}),
        (Task, {"title": "Café", "tags": ["é"], "estimate_seconds": 0, "deleted_at": NINE}),
        (TimeCode, {"code": PRIVATE, "name": "Old", "deleted_at": NINE}),
        (Task, {"title": "Rent", "due_on": date(2026, 12, 24), "estimate_seconds": 60}),
    ]
    return [model(user_id=user_id, seq=next(numbers), id=new_id(), **fields) for model, fields in made]


def _entries(user_id: str, numbers: Any, task: Task, code: TimeCode, type_: WorkType) -> list[TimeEntry]:
    of: dict[str, Any] = {"task_id": task.id, "time_code_id": code.id, "work_type_id": type_.id}
    words = {"description": PRIVATE, "raw_text": PRIVATE, "tags": [PRIVATE]}
    return [
        entry_of(user_id, next(numbers), **of, **words),
        running_of(user_id, next(numbers), **of),
        running_of(user_id, next(numbers), deleted_at=NINE),
        entry_of(user_id, next(numbers), locked=True, duration_seconds=0),
        *(interval_of(user_id, next(numbers), 60 * n, **words) for n in range(INTERVALS)),
    ]


def _settings(user_id: str, numbers: Any) -> list[SQLModel]:
    values = {"time_zone": "Europe/Berlin", "week_start": "monday"}
    private = {f"app.{PRIVATE}": PRIVATE, "app.nothing": None}
    return [
        Config(user_id=user_id, key=key, value=value, seq=next(numbers), updated_at=NINE)
        for key, value in (values | private).items()
    ]


def _answer(user_id: str) -> IdempotencyKey:
    """A kept answer."""
    return IdempotencyKey(
        user_id=user_id,
        key=PRIVATE,
        fingerprint="0" * 64,
        status=201,
        headers={"ETag": '"r0123456789ab.1"'},
        body=PRIVATE,
        created_at=NINE,
    )
