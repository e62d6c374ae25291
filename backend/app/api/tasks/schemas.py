"""What tasks look like on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from app.core.http.query_strings import ListQuery, Wanted
from app.core.http.wire import Day, FieldError, Instant, Text, refuse_out_of_range, refuse_repeats
from app.models.task import DESCRIPTION_MAX, ESTIMATE_MAX, TITLE_MAX
from app.models.types import TAG_MAX, TAGS_MAX

Priority = Literal["none", "low", "medium", "high", "urgent"]
TaskSort = Literal[
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "due",
    "-due",
    "priority",
    "-priority",
    "title",
    "-title",
]

TaskInclude = Literal["tracked"]

Title = Annotated[Text, Meta(min_length=1, max_length=TITLE_MAX, examples=["Water the plants"])]
Description = Annotated[Text, Meta(max_length=DESCRIPTION_MAX, examples=["Both balconies"])]
Tag = Annotated[Text, Meta(min_length=1, max_length=TAG_MAX, examples=["home"])]
Tags = Annotated[list[Tag], Meta(max_length=TAGS_MAX, description="Each at most once.", examples=[["home"]])]
DueOn = Annotated[Day, Meta(description="The day it is due; not with `due_at`.", examples=["2026-05-01"])]
DueAt = Annotated[Instant, Meta(description="The instant it is due; not with `due_on`.")]
Estimate = Annotated[
    int, Meta(ge=0, le=ESTIMATE_MAX, description="How long it should take, in seconds.", examples=[1800])
]
Zone = Annotated[Text, Meta(max_length=64, description="The IANA zone that days are meant in.")]
Bound = Annotated[Text, Meta(max_length=40, description="A day (in the zone `tz`) or an instant.")]

TASK_EXAMPLE = {
    "title": "Water the plants",
    "description": "Both balconies",
    "priority": "high",
    "due_on": "2026-05-01",
    "tags": ["home"],
    "estimate_seconds": 1800,
}


class TaskOut(Struct, frozen=True):
    """A task."""

    id: UUID
    seq: Annotated[int, Meta(description="The person's number of the task's last change.")]
    title: str
    description: str | None
    completed: bool
    completed_at: Instant | None
    priority: Priority
    due_on: date | None
    due_at: Instant | None
    tags: list[str]
    estimate_seconds: Annotated[int | None, Meta(description="How long it should take.")]
    created_at: Instant
    updated_at: Instant
    deleted_at: Annotated[Instant | None, Meta(description="When it went to the trash.")]


class TaskListed(TaskOut, frozen=True):
    """A task in a list, with what `include` asks for."""

    tracked_seconds: Annotated[
        int | UnsetType, Meta(description="The time of its finished entries, where `include=tracked` asks.")
    ] = UNSET
    timer_started_at: Annotated[
        Instant | UnsetType | None,
        Meta(description="When the timer running on it started, where `include=tracked` asks."),
    ] = UNSET


class TaskPage(Struct, frozen=True):
    """A page of tasks."""

    items: list[TaskListed]
    next_cursor: Annotated[str | None, Meta(description="Asks for the page after; null on the last.")]
    total: Annotated[int | UnsetType, Meta(description="How many match, where `total=true` asks.")] = UNSET


class TaskPut(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A task as it is to be: what is absent gets its default."""

    title: Title
    description: Description | None = None
    completed: bool = False
    priority: Priority = "none"
    due_on: DueOn | None = None
    due_at: DueAt | None = None
    tags: Tags = field(default_factory=list)
    estimate_seconds: Estimate | None = None

    def __post_init__(self) -> None:
        """Refuses what the types allow and a task does not."""
        refuse_unfit(self)


class TaskNew(TaskPut, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A new task, with an id of the client's where it wants to choose one (UUID version 7)."""

    id: UUID | UnsetType = UNSET


class TaskPatch(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A merge patch (RFC 7396): what is absent stays, `null` clears."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    completed: bool | UnsetType = UNSET
    priority: Priority | UnsetType | None = UNSET
    due_on: DueOn | UnsetType | None = UNSET
    due_at: DueAt | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    estimate_seconds: Estimate | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        """Refuses what the types allow and a task does not."""
        refuse_unfit(self)


class TaskQuery(ListQuery, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the list of tasks can be asked."""

    sort: Annotated[TaskSort, Meta(description="The order; `-` turns it round.")] = "-created_at"
    completed: Annotated[bool | None, Meta(description="Only those done, or only those not.")] = None
    priority: Annotated[list[Priority], Meta(description="Any of these.")] = field(default_factory=list)
    tag: Annotated[list[Tag], Meta(max_length=TAGS_MAX, description="Tasks with these tags.")] = field(
        default_factory=list
    )
    tag_mode: Annotated[Literal["any", "all"], Meta(description="Any of the tags, or all.")] = "any"
    due: Annotated[
        Literal["overdue", "today", "upcoming", "none"] | None,
        Meta(description="Overdue (and open), due today, due after today, or never due."),
    ] = None
    tz: Zone = "UTC"
    due_from: Annotated[Bound | None, Meta(description="From a day, in `tz`, or an instant on.")] = None
    due_to: Annotated[
        Bound | None, Meta(description="Up to and with a day, in `tz`, or up to an instant, without it.")
    ] = None
    created_from: Annotated[Bound | None, Meta(description="From a day, in `tz`, or an instant on.")] = None
    created_to: Annotated[
        Bound | None, Meta(description="Up to and with a day, in `tz`, or up to an instant, without it.")
    ] = None
    q: Annotated[Wanted | None, Meta(description="Text in title or description, any case.")] = None
    include: Annotated[
        list[TaskInclude], Meta(description="What else to tell of each task: the time tracked on it.")
    ] = field(default_factory=list)


def refuse_unfit(task: TaskPut | TaskPatch) -> None:
    """Raises FieldError for days out of range, two due dates, or a tag given twice."""
    refuse_out_of_range(task, "due_on", "due_at")
    if isinstance(task.due_on, date) and isinstance(task.due_at, datetime):
        raise FieldError("due_at", "Expected either `due_on` or `due_at`, not both")
    refuse_repeats(task, "tags")
