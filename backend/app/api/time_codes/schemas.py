"""What time codes look like on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from app.core.http.query_strings import ListQuery, Wanted
from app.core.http.wire import Instant, Text, refuse_repeats
from app.models.coded import CODE_DESCRIPTION_MAX, CODE_MAX, NAME_MAX
from app.models.time_code import PHRASE_MAX, PHRASES_MAX

CodeSort = Literal["created_at", "-created_at", "updated_at", "-updated_at", "code", "-code", "name", "-name"]

Code = Annotated[
    Text,
    Meta(min_length=1, max_length=CODE_MAX, description="Unique among your live ones, whatever its case."),
]
Name = Annotated[Text, Meta(min_length=1, max_length=NAME_MAX)]
Description = Annotated[Text, Meta(max_length=CODE_DESCRIPTION_MAX)]
Active = Annotated[bool, Meta(description="Whether to offer it to who picks one; false keeps history.")]
Phrase = Annotated[Text, Meta(min_length=1, max_length=PHRASE_MAX)]
Keywords = Annotated[
    list[Phrase],
    Meta(
        max_length=PHRASES_MAX, description="Words that point to it, each once.", examples=[["acme", "api"]]
    ),
]
Examples = Annotated[
    list[Phrase],
    Meta(
        max_length=PHRASES_MAX,
        description="What people typed and meant it, each once.",
        examples=[["fixed the login for acme"]],
    ),
]

TIME_CODE_EXAMPLE = {
    "code": "ACME-DEV",
    "name": "Acme: development",
    "description": "All that the contract covers",
    "keywords": ["acme", "api"],
    "examples": ["fixed the login for acme"],
    "active": True,
}


class TimeCodeOut(Struct, frozen=True):
    """A time code."""

    id: UUID
    seq: Annotated[int, Meta(description="The person's number of the time code's last change.")]
    code: str
    name: str
    description: str | None
    keywords: list[str]
    examples: list[str]
    active: bool
    created_at: Instant
    updated_at: Instant
    deleted_at: Annotated[Instant | None, Meta(description="When it went to the trash.")]


class TimeCodePage(Struct, frozen=True):
    """A page of time codes."""

    items: list[TimeCodeOut]
    next_cursor: Annotated[str | None, Meta(description="Asks for the page after; null on the last.")]
    total: Annotated[int | UnsetType, Meta(description="How many match, where `total=true` asks.")] = UNSET


class TimeCodePut(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A time code as it is to be: what is absent gets its default."""

    code: Code
    name: Name
    description: Description | None = None
    keywords: Keywords = field(default_factory=list)
    examples: Examples = field(default_factory=list)
    active: Active = True

    def __post_init__(self) -> None:
        """Refuses what the types allow and a time code does not."""
        refuse_repeats(self, "keywords", "examples")


class TimeCodeNew(TimeCodePut, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A new time code, with an id of the client's where it wants to choose one (UUID version 7)."""

    id: UUID | UnsetType = UNSET


class TimeCodePatch(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A merge patch (RFC 7396): what is absent stays, `null` clears."""

    code: Code | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    keywords: Keywords | UnsetType | None = UNSET
    examples: Examples | UnsetType | None = UNSET
    active: Active | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuses what the types allow and a time code does not."""
        refuse_repeats(self, "keywords", "examples")


class TimeCodeQuery(ListQuery, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the list of time codes can be asked."""

    sort: Annotated[CodeSort, Meta(description="The order; `-` turns it round.")] = "-created_at"
    active: Annotated[bool | None, Meta(description="Only those to pick from, or only those kept.")] = None
    q: Annotated[Wanted | None, Meta(description="Text in code or name, any case.")] = None
