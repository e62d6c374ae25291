"""Rows of every table as two people with strange habits might have them: every column at its extremes."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import Session, SQLModel

from app.core.text import fold
from app.models.change_head import ChangeHead
from app.models.config import Config
from app.models.idempotency_key import IdempotencyKey
from app.models.task import ESTIMATE_MAX, PRIORITIES, Task
from app.models.time_code import TimeCode
from app.models.time_entry import DURATION_MAX, TimeEntry
from app.models.work_type import WorkType

PEOPLE = ("alice", "Bob", "~" * 255, "!|auth0")
EACH = 10
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
BIGGEST = 2**63 - 1
CHARACTERS = (
    [chr(code) for code in (*range(1, 32), 127, 133, 0x2028, 0x2029, 0xFEFF, 0xFFFD, 0xFFFF, 0x10FFFF)]
    + list("aZ09 \\\"'/%_,;\t\r\n{}[]:$.NULL\\N\\.")
    + list("éÉßİıǅﬁ\u0301\u200d日本😀👩\U0001f3fd𝕏؟א")
)


class Habits:
    """Whatever a column takes, by chance."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 (nothing secret)
        self._seen: set[str] = set()

    def text(self, longest: int, shortest: int = 0) -> str:
        length = self.random.choice([shortest, shortest + 1, min(longest, 40), longest])
        return "".join(self.random.choices(CHARACTERS, k=max(length, shortest)))

    def maybe(self, value: Any) -> Any:
        return value if self.random.random() < 0.6 else None

    def unique(self, longest: int) -> str:
        while (found := self.text(longest, 1)[: longest - 4]) is not None:
            found = f"{found}{len(self._seen):04}"
            if fold(found) not in self._seen:
                self._seen.add(fold(found))
                return found
        raise AssertionError

    def instant(self) -> datetime:
        spread = (LAST - FIRST) // timedelta(microseconds=1)
        some = FIRST + timedelta(microseconds=self.random.randrange(spread))
        return self.random.choice([FIRST, LAST, some, some.replace(microsecond=0)])

    def day(self) -> date:
        return self.instant().date()

    def id(self) -> UUID:
        bits = self.random.choice([0, (1 << 122) - 1, self.random.getrandbits(122)])
        value = (bits >> 74 << 80) | 7 << 76 | self.random.getrandbits(12) << 64
        return UUID(int=value | 2 << 62 | self.random.getrandbits(62))

    def tags(self, longest: int = 64, most: int = 32) -> list[str]:
        return [self.text(longest) for _ in range(self.random.choice([0, 1, most]))]


def add_people(connection: Connection, seed: int) -> None:
    """Their rows, live and in the trash."""
    habits = Habits(seed)
    with Session(connection) as session:
        for user_id in PEOPLE:
            numbers = count(1)
            named = [row for _ in range(EACH) for row in _named(habits, user_id, numbers)]
            session.add_all(named)
            session.flush()  # what entries refer to comes first
            session.add_all([_entry(habits, user_id, next(numbers), named) for _ in range(EACH * 2)])
            session.add_all(_kept(habits, user_id, numbers))
        session.flush()


def _owned(habits: Habits, user_id: str, seq: int) -> dict[str, Any]:
    return {
        "id": habits.id(),
        "user_id": user_id,
        "seq": seq,
        "created_at": habits.instant(),
        "updated_at": habits.instant(),
        "deleted_at": habits.maybe(habits.instant()),
    }


def _named(habits: Habits, user_id: str, numbers: Any) -> list[SQLModel]:
    done, random = habits.maybe(habits.instant()), habits.random
    due: dict[str, Any] = random.choice([{}, {"due_on": habits.day()}, {"due_at": habits.instant()}])
    task = Task(
        **_owned(habits, user_id, next(numbers)),
        title=habits.text(500, 1),
        description=habits.maybe(habits.text(20_000)),
        completed=done is not None,
        completed_at=done,
        priority=random.choice(PRIORITIES),
        tags=habits.tags(),
        estimate_seconds=random.choice([None, 0, ESTIMATE_MAX]),
        **due,
    )
    code: dict[str, Any] = {
        "code": habits.unique(64),
        "name": habits.text(200, 1),
        "description": habits.maybe(habits.text(5_000)),
        "active": random.random() < 0.5,
    }
    phrases: dict[str, Any] = {"keywords": habits.tags(200, 64), "examples": habits.tags(200, 64)}
    time_code = TimeCode(**_owned(habits, user_id, next(numbers)), **code, **phrases)
    return [task, time_code, WorkType(**_owned(habits, user_id, next(numbers)), **code)]


def _entry(habits: Habits, user_id: str, seq: int, named: list[SQLModel]) -> TimeEntry:
    owned, random = _owned(habits, user_id, seq), habits.random
    started, ended = sorted(habits.instant().replace(microsecond=0) for _ in range(2))
    running = {"started_at": started, "ended_at": None, "duration_seconds": None}
    shape: dict[str, Any] = random.choice(
        [
            {"duration_seconds": random.choice([0, 86_400])},
            {"started_at": started, "ended_at": ended, "duration_seconds": DURATION_MAX},
            {"started_at": started, "ended_at": ended, "duration_seconds": (ended - started).days},
            *([running] if owned["deleted_at"] else []),
        ]
    )
    refers: dict[type[SQLModel], str] = {Task: "task_id", TimeCode: "time_code_id", WorkType: "work_type_id"}
    to: list[tuple[str, Any]] = [
        (name, random.choice([row for row in named if isinstance(row, kind)]))
        for kind, name in refers.items()
    ]
    return TimeEntry(
        **owned,
        **shape,
        **{name: habits.maybe(row.id) for name, row in to},
        description=habits.maybe(habits.text(5_000)),
        raw_text=habits.maybe(habits.text(5_000)),
        entry_date=random.choice([date(1969, 12, 31), date(9999, 1, 1), habits.day()]),
        time_zone=random.choice(["UTC", "America/Argentina/ComodRivadavia", "x" * 64]),
        tags=habits.tags(),
        locked=shape["duration_seconds"] is not None and random.random() < 0.5,
    )


def _kept(habits: Habits, user_id: str, numbers: Any) -> list[SQLModel]:
    values = [None, True, {"é\n": [habits.text(60)]}, habits.text(2_000), "", 2**64, 1.5]
    keys = [f"app.{index}_{'Z' * index}" for index, _ in enumerate(values)]
    answers = [
        IdempotencyKey(
            user_id=user_id,
            key="".join(chr(habits.random.randrange(32, 127)) for _ in range(longest - 1)) + str(index),
            fingerprint="0f" * 32,
            status=habits.random.choice([200, 299]),
            headers={"ETag": '"r0123456789ab.1"', "Content-Type": "application/json"},
            body=habits.text(50_000),
            created_at=habits.instant(),
        )
        for index, longest in enumerate([1, 255, 30])
    ]
    settings = [
        Config(
            user_id=user_id,
            key=key,
            value=value,
            seq=next(numbers),
            updated_at=habits.instant(),
            deleted_at=habits.maybe(habits.instant()),
        )
        for key, value in zip(keys, values, strict=True)
    ]
    head = ChangeHead(
        user_id=user_id, epoch="0123456789-_", seq=BIGGEST, purged_seq=habits.random.randrange(9)
    )
    return [head, *settings, *answers]
