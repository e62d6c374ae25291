"""What health looks like on the wire."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Health(Struct, frozen=True):
    """The service answers."""

    status: Literal["healthy"]


class DatabaseHealth(Struct, frozen=True):
    """Whether the database answers, and whether its schema is the one that this service needs.

    `behind`: the schema still has to be migrated to `head`; `ahead`: newer code has migrated it, and this
    serves on meanwhile; `unavailable`: no answer within the time allowed.
    """

    status: Literal["healthy", "behind", "ahead", "unavailable"]
    database: Literal["up", "down"]
    dialect: Literal["sqlite", "postgresql"]
    revision: Annotated[str | None, Meta(description="The schema's revision; null for an empty database.")]
    head: Annotated[str, Meta(description="The revision that this service needs.")]
    latency_ms: Annotated[float | None, Meta(description="How long the database took; null without answer.")]
