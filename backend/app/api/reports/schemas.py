"""What reports look like on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from app.api.config.schemas import Minutes, Rounding, RoundingPer, WeekDay
from app.api.tasks.schemas import Tag
from app.core.http.query_strings import Reference, refuse_unfit_references
from app.core.http.wire import FIRST_DAY, LAST_DAY, Day, FieldError, Text, ZoneName, refuse_repeats
from app.models.types import TAGS_MAX

Unit = Literal["day", "week", "month", "task", "time_code", "work_type", "tag"]
RoundingWish = Literal["none", "up", "down", "nearest"]

UNITS: dict[str, tuple[str, ...]] = {
    "day": ("day",),
    "week": ("week",),
    "month": ("month",),
    "task": ("task_id", "task"),
    "time_code": ("time_code_id", "time_code", "time_code_name"),
    "work_type": ("work_type_id", "work_type", "work_type_name"),
    "tag": ("tag",),
}
"""What can be grouped by, and the fields that a row then has."""

UNITS_MAX = 2
DAYS_MAX = 3660

Group = Annotated[
    Text,
    Meta(
        max_length=40,
        description=f"One or two of {', '.join(UNITS)}, with a comma between.",
        examples=["day,time_code"],
    ),
]


class TimeQuery(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a report on time can be asked: days in the zone `tz`, both ends included."""

    from_: Annotated[Day, Meta(description="The first day.", examples=["2026-11-01"])] = field(name="from")
    to: Annotated[Day, Meta(description=f"The last day; at most {DAYS_MAX} in all.", examples=["2026-11-30"])]
    tz: Annotated[
        ZoneName | None,
        Meta(description="The IANA zone that days are meant in; your setting `time_zone` otherwise."),
    ] = None
    group: Group = "day"
    week_start: Annotated[
        WeekDay | None, Meta(description="The day that weeks start on; your setting otherwise.")
    ] = None
    fill: Annotated[
        bool, Meta(description="Whether days, weeks or months without any time get a row of zero.")
    ] = False
    rounding: Annotated[
        RoundingWish | None, Meta(description="Which way to round; your setting otherwise.")
    ] = None
    rounding_minutes: Annotated[
        Minutes | None, Meta(description="To how many minutes; your setting otherwise.")
    ] = None
    rounding_per: Annotated[
        RoundingPer | None,
        Meta(description="What is rounded: each entry's time in a row, or each row's sum."),
    ] = None
    task_id: Annotated[list[Reference], Meta(description="Of any of these tasks; `none`: of no task.")] = (
        field(default_factory=list)
    )
    time_code_id: Annotated[
        list[Reference], Meta(description="On any of these codes; `none`: on no code.")
    ] = field(default_factory=list)
    work_type_id: Annotated[
        list[Reference], Meta(description="Of any of these types; `none`: of no type.")
    ] = field(default_factory=list)
    tag: Annotated[list[Tag], Meta(max_length=TAGS_MAX, description="With any of these tags.")] = field(
        default_factory=list
    )

    def __post_init__(self) -> None:
        """Refuses what the types allow and a report does not."""
        refuse_unfit(self)

    @property
    def units(self) -> tuple[str, ...]:
        """What is grouped by, in the order asked."""
        return tuple(self.group.split(","))


class TimeRow(Struct, frozen=True, kw_only=True, gc=False):
    """The time of one group; of the keys, only those that were grouped by are there."""

    day: Annotated[date | UnsetType, Meta(examples=["2026-11-22"])] = UNSET
    week: Annotated[
        date | UnsetType, Meta(description="The day it starts on, even where that is before `from`.")
    ] = UNSET
    month: Annotated[str | UnsetType, Meta(examples=["2026-11"])] = UNSET
    task_id: UUID | UnsetType | None = UNSET
    task: Annotated[str | UnsetType | None, Meta(description="Its title.")] = UNSET
    time_code_id: UUID | UnsetType | None = UNSET
    time_code: Annotated[str | UnsetType | None, Meta(description="Its code.")] = UNSET
    time_code_name: str | UnsetType | None = UNSET
    work_type_id: UUID | UnsetType | None = UNSET
    work_type: Annotated[str | UnsetType | None, Meta(description="Its code.")] = UNSET
    work_type_name: str | UnsetType | None = UNSET
    tag: Annotated[str | UnsetType | None, Meta(description="An entry counts under each of its tags.")] = (
        UNSET
    )
    seconds: int
    entries: int


class TimeReport(Struct, frozen=True, kw_only=True):
    """Where the time went, and what was asked as it was understood."""

    from_: date = field(name="from")
    to: date
    tz: str
    week_start: WeekDay
    group: list[Unit]
    rounding: Rounding | Literal["none"]
    rows: list[TimeRow]
    total_seconds: Annotated[
        int, Meta(description="The sum of the rows; by tag, each entry's time once all the same.")
    ]
    entries: Annotated[int, Meta(description="How many entries there are in all, each counted once.")]
    running: Annotated[bool, Meta(description="Whether a running timer is among them, counted up to now.")]


def refuse_unfit(query: TimeQuery) -> None:
    """Raises FieldError for a range, a grouping or an id that no report has."""
    for name, day in (("from", query.from_), ("to", query.to)):
        if not FIRST_DAY <= day <= LAST_DAY:
            raise FieldError(name, "Expected a day in the years 1970 to 9998")
    if query.to < query.from_:
        raise FieldError("to", "Expected a day that is not before `from`")
    if (query.to - query.from_).days >= DAYS_MAX:
        raise FieldError("to", f"Expected at most {DAYS_MAX} days from `from` on")
    units = query.units
    if len(set(units)) < len(units) or len(units) > UNITS_MAX or not UNITS.keys() >= set(units):
        raise FieldError("group", f"Expected one or two of {', '.join(UNITS)}, each at most once")
    refuse_repeats(query, "tag")
    refuse_unfit_references(query, "task_id", "time_code_id", "work_type_id")
