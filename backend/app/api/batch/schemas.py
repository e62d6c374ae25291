"""What a batch looks like on the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from app.core.http.wire import Text

OPERATIONS_MAX = 500

BatchOp = Literal["create", "put", "patch", "delete", "restore"]

Type = Annotated[
    Text,
    Meta(
        description="What the row is: the resource's path, with `_` for `-`.",
        examples=["time_entries"],
    ),
]
Tag = Annotated[Text, Meta(max_length=200, examples=['"r0123456789ab.7"'])]
Tags = Annotated[list[Tag], Meta(min_length=1, max_length=20)]

BATCH_EXAMPLE = {
    "operations": [
        {
            "op": "put",
            "type": "tasks",
            "id": "01900000-0000-7000-8000-000000000001",
            "body": {"title": "Water the plants"},
        },
        {
            "op": "create",
            "type": "time_entries",
            "body": {
                "task_id": "01900000-0000-7000-8000-000000000001",
                "started_at": "2026-05-01T09:00:00Z",
                "ended_at": "2026-05-01T10:30:00Z",
            },
        },
        {"op": "put", "type": "config", "key": "time_zone", "body": {"value": "Europe/Berlin"}},
    ]
}


class Operation(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One write: what the request of its own would say."""

    op: BatchOp
    type: Type
    id: Annotated[
        UUID | UnsetType, Meta(description="Of the row; a new one's stands in its body, or is put.")
    ] = UNSET
    key: Annotated[Text | UnsetType, Meta(description="Of a setting, in place of `id`.")] = UNSET
    body: Annotated[
        Raw | UnsetType, Meta(description="What the request of its own takes; with create, put and patch.")
    ] = UNSET
    if_match: Annotated[
        Tag | Tags | UnsetType, Meta(description="A row tag or several: only where the row bears one.")
    ] = UNSET


class Batch(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Writes that are done in order, all or none."""

    operations: Annotated[list[Operation], Meta(min_length=1, max_length=OPERATIONS_MAX)]
    dry_run: Annotated[bool, Meta(description="Answer as if done, and do nothing.")] = False


class Result(Struct, frozen=True, omit_defaults=True):
    """What became of one write: the status, tag and row that the request of its own would have got."""

    status: int
    etag: str | UnsetType = UNSET
    row: Annotated[Any, Meta(description="As it is now; absent where it was deleted.")] = UNSET


class Results(Struct, frozen=True):
    """What became of the writes, in their order."""

    results: list[Result]
