"""What changes look like on the wire."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

LIMIT_MAX = 1000
WAIT_SECONDS_MAX = 25

Since = Annotated[
    str | None, Meta(description="`next` of the answer before; without it, from the start: a first load.")
]
Types = Annotated[
    list[str], Meta(description="Tables: changes of these alone. Go on with the same ones.", max_length=50)
]


class ChangeOut(Struct, frozen=True):
    """A row that changed, as it is now; in the trash where `deleted_at` is set."""

    type: Annotated[str, Meta(description="Its table.", examples=["tasks"])]
    row: Annotated[dict[str, Any], Meta(description="What the resource itself answers with.")]


class ChangePage(Struct, frozen=True):
    """Changes in the order in which they were made, each row once, by its last change."""

    items: list[ChangeOut]
    next: Annotated[str, Meta(description="Send it as `since` for what comes after.")]
    more: Annotated[bool, Meta(description="Whether there is more already.")]


class StreamQuery(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the stream can be asked."""

    since: Since = None
    types: Types = field(default_factory=list)


class ChangeQuery(StreamQuery, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the changes can be asked."""

    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="How many items an answer holds at most.")] = (
        200
    )
    wait: Annotated[
        int,
        Meta(
            ge=0, le=WAIT_SECONDS_MAX, description="Seconds to hold an empty answer until something changes."
        ),
    ] = 0
