"""What starting a timer takes on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from app.api.tasks.schemas import Tags
from app.api.time_entries.schemas import (
    Description,
    OverlapQuery,
    RawText,
    Zone,
    refuse_unknown_zone,
)
from app.core.http.wire import refuse_repeats

TIMER_EXAMPLE = {"description": "Login for Acme", "tags": ["home"]}


class TimerStart(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the new timer is for; its start is the server's clock."""

    id: UUID | UnsetType = UNSET
    task_id: UUID | None = None
    time_code_id: UUID | None = None
    work_type_id: UUID | None = None
    description: Description | None = None
    raw_text: RawText | None = None
    time_zone: Zone | None = None
    tags: Tags = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuses what the types allow and an entry does not."""
        refuse_unknown_zone(self.time_zone)
        refuse_repeats(self, "tags")


class StartQuery(OverlapQuery, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What starting a timer can be asked beside its body."""

    on_conflict: Annotated[
        Literal["stop", "reject"],
        Meta(description="Where a timer runs: stop it at the same instant, or refuse with it as `current`."),
    ] = "stop"
