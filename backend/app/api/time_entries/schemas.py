"""What time entries look like on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from app.api.config.schemas import Overlap
from app.api.tasks.schemas import Tag, Tags
from app.core.days import is_zone
from app.core.http.query_strings import ListQuery, Reference, Wanted, refuse_unfit_references
from app.core.http.wire import Day, FieldError, Instant, Text, ZoneName, refuse_out_of_range, refuse_repeats
from app.models.time_entry import DESCRIPTION_MAX, DURATION_MAX, RAW_TEXT_MAX
from app.models.types import TAGS_MAX

EntrySort = Literal[
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "day",
    "-day",
    "started_at",
    "-started_at",
    "duration",
    "-duration",
]

Description = Annotated[Text, Meta(max_length=DESCRIPTION_MAX, examples=["Login for Acme"])]
RawText = Annotated[Text, Meta(max_length=RAW_TEXT_MAX, description="What the person typed, as it was.")]
StartedAt = Annotated[Instant, Meta(description="When it began; fractions of a second are cut off.")]
EndedAt = Annotated[
    Instant, Meta(description="When it ended; absent while it runs. Follows from start and duration.")
]
EntryDate = Annotated[
    Day, Meta(description="The day in `time_zone`: follows from `started_at`; today where nothing says it.")
]
Zone = Annotated[ZoneName, Meta(description="The IANA zone of `entry_date`; else the setting `time_zone`.")]
Duration = Annotated[
    int,
    Meta(
        ge=0,
        le=DURATION_MAX,
        description="Follows from start and end; alone, it is spent on `entry_date` (24 hours at most).",
    ),
]
Locked = Annotated[bool, Meta(description="Exported or approved: refuses every change but unlocking.")]
InstantText = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]

ENTRY_EXAMPLE = {
    "description": "Login for Acme",
    "raw_text": "login acme 9-10:30",
    "started_at": "2026-05-01T09:00:00Z",
    "ended_at": "2026-05-01T10:30:00Z",
    "time_zone": "Europe/Berlin",
    "tags": ["home"],
}


class TimeEntryOut(Struct, frozen=True):
    """A time entry: an interval, a running timer (no end yet), or a duration on a day (no instants)."""

    id: UUID
    seq: Annotated[int, Meta(description="The person's number of the entry's last change.")]
    task_id: UUID | None
    time_code_id: UUID | None
    work_type_id: UUID | None
    description: str | None
    raw_text: str | None
    started_at: Instant | None
    ended_at: Instant | None
    entry_date: date
    time_zone: str
    duration_seconds: Annotated[int | None, Meta(description="Null while it runs.")]
    tags: list[str]
    locked: bool
    created_at: Instant
    updated_at: Instant
    deleted_at: Annotated[Instant | None, Meta(description="When it went to the trash.")]


class TimeEntryListed(TimeEntryOut, frozen=True):
    """A time entry in a list, with the names of what it refers to where `include=names` asks for them."""

    task_title: str | UnsetType | None = UNSET
    time_code: str | UnsetType | None = UNSET
    time_code_name: str | UnsetType | None = UNSET
    work_type: str | UnsetType | None = UNSET
    work_type_name: str | UnsetType | None = UNSET


class TimeEntryPage(Struct, frozen=True):
    """A page of time entries."""

    items: list[TimeEntryListed]
    next_cursor: Annotated[str | None, Meta(description="Asks for the page after; null on the last.")]
    total: Annotated[int | UnsetType, Meta(description="How many match, where `total=true` asks.")] = UNSET


class TimeEntryPut(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A time entry as it is to be: what is absent follows from the rest, or gets its default."""

    task_id: UUID | None = None
    time_code_id: UUID | None = None
    work_type_id: UUID | None = None
    description: Description | None = None
    raw_text: RawText | None = None
    started_at: StartedAt | None = None
    ended_at: EndedAt | None = None
    entry_date: EntryDate | None = None
    time_zone: Zone | None = None
    duration_seconds: Duration | None = None
    tags: Tags = field(default_factory=list)
    locked: Locked = False

    def __post_init__(self) -> None:
        """Refuses what the types allow and an entry does not."""
        refuse_unfit(self)


class TimeEntryNew(TimeEntryPut, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A new time entry, with an id of the client's where it wants to choose one (UUID version 7)."""

    id: UUID | UnsetType = UNSET


class TimeEntryPatch(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A merge patch (RFC 7396): what is absent stays or follows from the rest, `null` clears."""

    task_id: UUID | UnsetType | None = UNSET
    time_code_id: UUID | UnsetType | None = UNSET
    work_type_id: UUID | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    raw_text: RawText | UnsetType | None = UNSET
    started_at: StartedAt | UnsetType | None = UNSET
    ended_at: EndedAt | UnsetType | None = UNSET
    entry_date: EntryDate | UnsetType | None = UNSET
    time_zone: Zone | UnsetType | None = UNSET
    duration_seconds: Duration | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    locked: Locked | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuses what the types allow and an entry does not."""
        refuse_unfit(self)


class OverlapQuery(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a change of an entry can be asked beside its body."""

    overlap: Annotated[
        Overlap | None,
        Meta(description="Whether it may share time with another; else the setting `overlap`."),
    ] = None


class TimeEntryQuery(ListQuery, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the list of time entries can be asked."""

    sort: Annotated[EntrySort, Meta(description="The order; `-` turns it round.")] = "-created_at"
    day_from: Annotated[Day | None, Meta(description="From this day on, by `entry_date`.")] = None
    day_to: Annotated[Day | None, Meta(description="Up to and with this day, by `entry_date`.")] = None
    time_from: Annotated[
        InstantText | None, Meta(description="With time after this instant: ended later, or running.")
    ] = None
    time_to: Annotated[
        InstantText | None, Meta(description="With time before this instant: started earlier.")
    ] = None
    task_id: Annotated[list[Reference], Meta(description="Of any of these tasks, or of `none`.")] = field(
        default_factory=list
    )
    time_code_id: Annotated[list[Reference], Meta(description="On any of these codes, or on `none`.")] = (
        field(default_factory=list)
    )
    work_type_id: Annotated[list[Reference], Meta(description="Of any of these types, or of `none`.")] = (
        field(default_factory=list)
    )
    tag: Annotated[list[Tag], Meta(max_length=TAGS_MAX, description="Entries with these tags.")] = field(
        default_factory=list
    )
    tag_mode: Annotated[Literal["any", "all"], Meta(description="Any of the tags, or all.")] = "any"
    running: Annotated[bool | None, Meta(description="Only the running timer, or only the others.")] = None
    locked: Annotated[bool | None, Meta(description="Only those locked, or only those not.")] = None
    q: Annotated[Wanted | None, Meta(description="Text in description or raw text, any case.")] = None
    include: Annotated[
        list[Literal["names"]], Meta(description="`names`: task title, code and type with each entry.")
    ] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuses what the types allow and the list does not."""
        refuse_out_of_range(self, "day_from", "day_to")
        refuse_unfit_references(self, "task_id", "time_code_id", "work_type_id")


def refuse_unfit(entry: TimeEntryPut | TimeEntryPatch) -> None:
    """Raises FieldError for days or instants out of range, an unknown zone, or a tag given twice."""
    refuse_out_of_range(entry, "started_at", "ended_at", "entry_date")
    refuse_unknown_zone(entry.time_zone)
    refuse_repeats(entry, "tags")


def refuse_unknown_zone(name: str | UnsetType | None) -> None:
    """Raises FieldError for a zone that IANA does not know."""
    if isinstance(name, str) and not is_zone(name):
        raise FieldError("time_zone", "Expected an IANA zone such as Europe/Berlin", "unknown_zone")
