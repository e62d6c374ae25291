"""The works: what is asked of every contender, as whole HTTP requests."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from bench.contenders.tokens import mint
from bench.data import ENTRY_DAY, ENTRY_DAYS, EPOCH, Shape, task_id, user_of
from bench.load import NUMBER
from bench.servers import RULES

TASKS: Final = "/api/v1/tasks"
REPORT: Final = f"/api/v1/reports/time?from={ENTRY_DAY}&to={ENTRY_DAY.replace(month=12, day=31)}&tz=UTC"
ACTIVE: Final = 100
"""So many people ask while something is measured: each more than once within the minute of a token."""
POOL: Final = 1000
BATCH: Final = 100
PAGE: Final = 50
NEW: Final = {
    "title": "Water the plants",
    "description": "Both balconies, and the kitchen if there is time",
    "priority": "high",
    "due_on": "2026-05-01",
    "tags": ["home", "garden"],
    "estimate_seconds": 1800,
}
assert ENTRY_DAYS == 365  # noqa: S101 (the report is about that very year)


@dataclass(frozen=True)
class Asking:
    """Who asks, and what there is to ask for. `tags` are the tags of people's lists, by `sub`."""

    shape: Shape
    seed: int = 0
    tags: dict[str, str] | None = None

    @cached_property
    def active(self) -> list[int]:
        """The people who ask; the last one is left for the comparison of bodies."""
        chance = random.Random(self.seed)  # noqa: S311 (the same for each contender)
        return chance.sample(range(self.shape.users - 1), min(ACTIVE, self.shape.users - 1))

    @cached_property
    def chance(self) -> random.Random:
        """The same choices for each contender."""
        return random.Random(self.seed + 1)  # noqa: S311


@dataclass(frozen=True)
class Work:
    """One kind of request. `status` is the answer's; `is_rare` work takes long, and is asked less often."""

    name: str
    title: str
    status: int
    request: Callable[[Asking, int], bytes]
    is_write: bool = False
    is_rare: bool = False

    def requests(self, asking: Asking) -> list[bytes]:
        """A pool of requests, the same for the same seed."""
        people = range(asking.shape.trackers) if self.name == "report" else asking.active
        count = 20 if self.is_rare else POOL
        return [self.request(asking, people[place % len(people)]) for place in range(count)]


def request_of(user: int, method: str, path: str, body: str = "", *headers: str) -> bytes:
    """A request of this person's. A body may have a `NUMBER` in it."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {_token(user)}",
        *headers,
    ]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body.encode())}"]
    return "\r\n".join([*lines, "", body]).encode()


_TOKENS: Final[dict[int, str]] = {}


def _token(user: int) -> str:
    if user not in _TOKENS:
        _TOKENS[user] = mint(RULES, user_of(user))
    return _TOKENS[user]


def _list(_: Asking, user: int) -> bytes:
    return request_of(user, "GET", TASKS)


def _unchanged(asking: Asking, user: int) -> bytes:
    tag = (asking.tags or {}).get(user_of(user))
    return request_of(user, "GET", TASKS, "", *([f"If-None-Match: {tag}"] if tag else []))


def _get(asking: Asking, user: int) -> bytes:
    return request_of(user, "GET", f"{TASKS}/{_some_task(asking, user)}")


def _changes(asking: Asking, user: int) -> bytes:
    since = f"{EPOCH}.{asking.shape.tasks // 2}.0"
    return request_of(user, "GET", f"/api/v1/changes?since={since}&limit={PAGE}")


def _report(_: Asking, user: int) -> bytes:
    return request_of(user, "GET", REPORT)


def _create(_: Asking, user: int) -> bytes:
    return request_of(user, "POST", TASKS, _json(NEW))


def _patch(asking: Asking, user: int) -> bytes:
    body = f'{{"priority":"low","estimate_seconds":{NUMBER.decode()}}}'
    return request_of(user, "PATCH", f"{TASKS}/{_some_task(asking, user)}", body)


def _batch(_: Asking, user: int) -> bytes:
    operation = {"op": "create", "type": "tasks", "body": NEW}
    return request_of(user, "POST", "/api/v1/batch", _json({"operations": [operation] * BATCH}))


def _some_task(asking: Asking, user: int) -> object:
    return task_id(user, asking.chance.randint(1, asking.shape.tasks))


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


WORKS: Final = {
    work.name: work
    for work in (
        Work("list", "list of 50", 200, _list),
        Work("unchanged", "list of 50, unchanged", 304, _unchanged),
        Work("get", "get one", 200, _get),
        Work("changes", "changes since, 50", 200, _changes),
        Work("report", "report over 10,000 entries", 200, _report, is_rare=True),
        Work("create", "create", 201, _create, is_write=True),
        Work("patch", "patch", 200, _patch, is_write=True),
        Work("batch", "batch of 100", 200, _batch, is_write=True, is_rare=True),
    )
}
"""In this order: what writes comes last, so that reads find what was loaded."""
