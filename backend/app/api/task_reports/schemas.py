"""What reports on tasks look like on the wire."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from app.core.http.query_strings import PageQuery
from app.core.http.wire import FIRST_DAY, LAST_DAY, Day, FieldError, ZoneName


class TaskTime(Struct, frozen=True):
    """The time of one task."""

    task_id: UUID
    title: str
    completed: bool
    tracked_seconds: Annotated[
        int, Meta(description="The time of its entries in the range; a running timer counts up to now.")
    ]
    estimate_seconds: Annotated[int | None, Meta(description="How long it should take.")]
    running: Annotated[bool, Meta(description="Whether a timer runs on it now.")]


class TaskTimePage(Struct, frozen=True):
    """A page of the time of tasks, the newest task first."""

    items: list[TaskTime]
    next_cursor: Annotated[str | None, Meta(description="Asks for the page after; null on the last.")]
    total: Annotated[int | UnsetType, Meta(description="How many match, where `total=true` asks.")] = UNSET


class TaskTimeQuery(PageQuery, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a report on tasks can be asked: of all time, or of days in the zone `tz`, both ends included."""

    from_: Annotated[Day | None, Meta(description="The first day; with `to`.", examples=["2026-11-01"])] = (
        field(name="from", default=None)
    )
    to: Annotated[Day | None, Meta(description="The last day; with `from`.", examples=["2026-11-30"])] = None
    tz: Annotated[
        ZoneName | None,
        Meta(description="The IANA zone that days are meant in; your setting `time_zone` otherwise."),
    ] = None
    all: Annotated[
        bool,
        Meta(description="Whether to list tasks without time in the range, a running timer or an estimate."),
    ] = False

    def __post_init__(self) -> None:
        """Refuses what the types allow and a range is not."""
        for name, day in (("from", self.from_), ("to", self.to)):
            if day is not None and not FIRST_DAY <= day <= LAST_DAY:
                raise FieldError(name, "Expected a day in the years 1970 to 9998")
        if (self.from_ is None) != (self.to is None):
            raise FieldError("from" if self.from_ is None else "to", "Expected `from` and `to`, or neither")
        if self.from_ and self.to and self.to < self.from_:
            raise FieldError("to", "Expected a day that is not before `from`")
