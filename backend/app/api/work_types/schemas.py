"""What work types look like on the wire."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from app.api.time_codes.schemas import Active, Code, CodeSort, Description, Name
from app.core.http.query_strings import ListQuery, Wanted
from app.core.http.wire import Instant

WORK_TYPE_EXAMPLE = {
    "code": "REVIEW",
    "name": "Review",
    "description": "Reading what others wrote",
    "active": True,
}


class WorkTypeOut(Struct, frozen=True):
    """A work type."""

    id: UUID
    seq: Annotated[int, Meta(description="The person's number of the work type's last change.")]
    code: str
    name: str
    description: str | None
    active: bool
    created_at: Instant
    updated_at: Instant
    deleted_at: Annotated[Instant | None, Meta(description="When it went to the trash.")]


class WorkTypePage(Struct, frozen=True):
    """A page of work types."""

    items: list[WorkTypeOut]
    next_cursor: Annotated[str | None, Meta(description="Asks for the page after; null on the last.")]
    total: Annotated[int | UnsetType, Meta(description="How many match, where `total=true` asks.")] = UNSET


class WorkTypePut(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A work type as it is to be: what is absent gets its default."""

    code: Code
    name: Name
    description: Description | None = None
    active: Active = True


class WorkTypeNew(WorkTypePut, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A new work type, with an id of the client's where it wants to choose one (UUID version 7)."""

    id: UUID | UnsetType = UNSET


class WorkTypePatch(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A merge patch (RFC 7396): what is absent stays, `null` clears."""

    code: Code | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    active: Active | UnsetType = UNSET


class WorkTypeQuery(ListQuery, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the list of work types can be asked."""

    sort: Annotated[CodeSort, Meta(description="The order; `-` turns it round.")] = "-created_at"
    active: Annotated[bool | None, Meta(description="Only those to pick from, or only those kept.")] = None
    q: Annotated[Wanted | None, Meta(description="Text in code or name, any case.")] = None
