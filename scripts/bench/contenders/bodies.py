"""What `wire` reads out of bodies, checked like Daybook's own, and the rows that it renders itself."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

Title = Annotated[str, Meta(min_length=1, max_length=500)]
Description = Annotated[str, Meta(max_length=20_000)]
Priority = Literal["none", "low", "medium", "high", "urgent"]
Instant = Annotated[datetime, Meta(tz=True)]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=32)]
Estimate = Annotated[int, Meta(ge=0, le=360_000_000)]


class TaskNew(Struct, forbid_unknown_fields=True):
    """A new task."""

    title: Title
    description: Description | None = None
    completed: bool = False
    priority: Priority = "none"
    due_on: date | None = None
    due_at: Instant | None = None
    tags: Tags = []
    estimate_seconds: Estimate | None = None


class TaskPatch(Struct, forbid_unknown_fields=True):
    """A merge patch of what the benchmark patches."""

    priority: Priority | UnsetType = UNSET
    estimate_seconds: Estimate | UnsetType | None = UNSET


class Operation(Struct, forbid_unknown_fields=True):
    """One task to create."""

    op: Literal["create"]
    type: Literal["tasks"]
    body: TaskNew


class Batch(Struct, forbid_unknown_fields=True):
    """Tasks to create, all or none."""

    operations: Annotated[list[Operation], Meta(min_length=1, max_length=500)]


class TaskRow(Struct, gc=False):
    """A task out of columns: as the driver gives them, and text where that is JSON already."""

    id: Any
    seq: int
    title: str
    description: str | None
    completed: bool
    completed_at: Any
    priority: str
    due_on: Any
    due_at: Any
    tags: Raw
    estimate_seconds: int | None
    created_at: Any
    updated_at: Any
    deleted_at: Any


class TaskRows(Struct, gc=False):
    """A page of them."""

    items: list[TaskRow]
    next_cursor: str | None
