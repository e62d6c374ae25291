"""What the OpenAPI document has to hold, kept by hand: clients call functions and types by these names."""

import re
from dataclasses import dataclass
from typing import Any

from app.api.batch.schemas import Batch
from app.api.changes.schemas import ChangeQuery, StreamQuery
from app.api.config.schemas import SettingOut, SettingPut, SettingQuery
from app.api.reports.drawing import TimeDrawingQuery
from app.api.reports.schemas import TimeQuery
from app.api.task_reports.schemas import TaskTimeQuery
from app.api.tasks.schemas import TaskNew, TaskOut, TaskPatch, TaskPut, TaskQuery
from app.api.time_codes.schemas import TimeCodeNew, TimeCodeOut, TimeCodePatch, TimeCodePut, TimeCodeQuery
from app.api.time_entries.schemas import (
    TimeEntryNew,
    TimeEntryOut,
    TimeEntryPatch,
    TimeEntryPut,
    TimeEntryQuery,
)
from app.api.timer.schemas import TimerStart
from app.api.work_types.schemas import WorkTypeNew, WorkTypeOut, WorkTypePatch, WorkTypePut, WorkTypeQuery

ALL_VERBS = ("list", "create", "get", "put", "patch", "delete", "restore")
BODY_FORMS = {"create": "New", "put": "Put", "patch": "Patch"}
"""By verb, what the struct of its body is called after the resource."""


@dataclass(frozen=True)
class Served:
    """A resource: what clients call one and many of it, where it is, what its path names, and its verbs."""

    one: str
    many: str
    path: str
    key: str
    verbs: tuple[str, ...] = ALL_VERBS

    @property
    def places(self) -> dict[str, tuple[str, str]]:
        """The operations: their methods and paths."""
        item = f"{self.path}/{{{self.key}}}"
        places = {
            "list": ("get", self.path),
            "create": ("post", self.path),
            "get": ("get", item),
            "put": ("put", item),
            "patch": ("patch", item),
            "delete": ("delete", item),
            "restore": ("post", f"{item}/restore"),
        }
        return {self.named(verb): places[verb] for verb in self.verbs}

    @property
    def bodies(self) -> dict[str, str]:
        """The operations that take a body, and its struct."""
        return {self.named(verb): self.one + BODY_FORMS[verb] for verb in self.verbs if verb in BODY_FORMS}

    def named(self, verb: str) -> str:
        """What the operation is called."""
        return verb + (self.many if verb == "list" else self.one)


SERVED = [
    Served("Task", "Tasks", "/api/v1/tasks", "task_id"),
    Served("TimeCode", "TimeCodes", "/api/v1/time-codes", "time_code_id"),
    Served("WorkType", "WorkTypes", "/api/v1/work-types", "work_type_id"),
    Served("TimeEntry", "TimeEntries", "/api/v1/time-entries", "time_entry_id"),
    Served("Setting", "Settings", "/api/v1/config", "key", verbs=("list", "get", "put", "delete", "restore")),
]

OPERATIONS = {
    **{name: place for served in SERVED for name, place in served.places.items()},
    "startTimer": ("post", "/api/v1/time-entries/start"),
    "stopTimer": ("post", "/api/v1/time-entries/stop"),
    "restartTimer": ("post", "/api/v1/time-entries/{time_entry_id}/restart"),
    "getCurrentTimer": ("get", "/api/v1/time-entries/current"),
    "getTimeReport": ("get", "/api/v1/reports/time"),
    "getTimeDrawing": ("get", "/api/v1/reports/time.svg"),
    "getTaskReport": ("get", "/api/v1/reports/tasks"),
    "runBatch": ("post", "/api/v1/batch"),
    "listChanges": ("get", "/api/v1/changes"),
    "streamChanges": ("get", "/api/v1/changes/stream"),
    "getHealth": ("get", "/health"),
    "getDatabaseHealth": ("get", "/health/db"),
}
"""Frozen: clients call their functions by these names."""

ANSWERS = {
    "list": {"200", "304", "400", "401", "422", "503"},
    "create": {"201", "400", "401", "408", "409", "413", "415", "422", "503"},
    "get": {"200", "304", "400", "401", "404", "503"},
    "put": {"200", "201", "400", "401", "404", "408", "409", "412", "413", "415", "422", "503"},
    "patch": {"200", "400", "401", "404", "408", "409", "412", "413", "415", "422", "503"},
    "delete": {"204", "400", "401", "404", "412", "503"},
    "restore": {"200", "400", "401", "404", "409", "412", "422", "503"},
    # Nothing of theirs is unique, so nothing can be in the way of coming back.
    "restoreTask": {"200", "400", "401", "404", "412", "422", "503"},
    "restoreSetting": {"200", "400", "401", "404", "412", "422", "503"},
    # What is locked can't go, and time may be shared with what came in between.
    "deleteTimeEntry": {"204", "400", "401", "404", "409", "412", "503"},
    "start": {"201", "400", "401", "408", "409", "413", "415", "422", "503"},
    "stop": {"200", "400", "401", "404", "412", "422", "503"},
    "restart": {"201", "400", "401", "404", "409", "422", "503"},
    "getCurrentTimer": {"200", "204", "304", "400", "401", "503"},
    "getTimeReport": {"200", "304", "400", "401", "422", "503"},
    "getTimeDrawing": {"200", "304", "400", "401", "422", "503"},
    "getTaskReport": {"200", "400", "401", "422", "503"},
    "runBatch": {"200", "400", "401", "404", "408", "409", "412", "413", "415", "422", "503"},
    "listChanges": {"200", "400", "401", "410", "422", "503"},
    "streamChanges": {"200", "400", "401", "410", "422", "503"},
    "getHealth": {"200"},
    "getDatabaseHealth": {"200", "503"},
}
"""By operation, or by the verb of those that answer like all others with it."""

UNTAGGED = {
    *("getTaskReport", "runBatch", "listChanges", "streamChanges", "getHealth", "getDatabaseHealth"),
}
"""What hangs on the very instant, is no one row, or has a cursor instead."""

FORMS_OF_ANSWERS = {
    "getTimeReport": {"application/json", "text/csv"},
    "getTimeDrawing": {"image/svg+xml"},
    "streamChanges": {"text/event-stream"},
}
"""The media types of those that don't answer in JSON alone."""

CONDITIONS: dict[str, set[str]] = {
    "list": {"If-None-Match"},
    "create": {"Idempotency-Key"},
    "get": {"If-None-Match"},
    "put": {"If-Match", "If-None-Match"},
    "patch": {"If-Match"},
    "delete": {"If-Match"},
    "restore": {"If-Match", "Idempotency-Key"},
    "start": {"Idempotency-Key"},
    "stop": {"If-Match", "Idempotency-Key"},
    "restart": {"Idempotency-Key"},
    "runBatch": {"Idempotency-Key"},
    "getTaskReport": set(),
    "listChanges": set(),
    "streamChanges": {"Last-Event-ID"},
    "getHealth": set(),
    "getDatabaseHealth": set(),
}

STRUCTS: list[Any] = [
    *(TaskNew, TaskPut, TaskPatch, TimeCodeNew, TimeCodePut, TimeCodePatch),
    *(WorkTypeNew, WorkTypePut, WorkTypePatch, SettingPut),
    *(TimeEntryNew, TimeEntryPut, TimeEntryPatch, TimerStart, Batch),
]
BODIES = {name: struct for served in SERVED for name, struct in served.bodies.items()} | {
    "startTimer": "TimerStart",
    "runBatch": "Batch",
}
FORMS = {f"{served.one}{form}" for served in SERVED for form in ("Out", "Page")} | set(BODIES.values())
"""The structs of the resources."""
QUERIES: dict[str, Any] = {
    "listTasks": TaskQuery,
    "listTimeCodes": TimeCodeQuery,
    "listWorkTypes": WorkTypeQuery,
    "listTimeEntries": TimeEntryQuery,
    "listSettings": SettingQuery,
    "getTimeReport": TimeQuery,
    "getTimeDrawing": TimeDrawingQuery,
    "getTaskReport": TaskTimeQuery,
    "listChanges": ChangeQuery,
    "streamChanges": StreamQuery,
}
ROWS: dict[str, Any] = {
    "TaskOut": TaskOut,
    "TimeCodeOut": TimeCodeOut,
    "WorkTypeOut": WorkTypeOut,
    "TimeEntryOut": TimeEntryOut,
    "SettingOut": SettingOut,
}


def told_of(told: dict[str, set[str]], operation: str) -> set[str]:
    """What is told of an operation by its name, or else by the verb in it."""
    return told.get(operation, told.get(re.split(r"[A-Z]", operation)[0], set()))
