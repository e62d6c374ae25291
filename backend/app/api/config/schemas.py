"""What settings look like on the wire, and what the known ones may be."""

from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import fields

from app.core.http.query_strings import ListQuery
from app.core.http.wire import Instant, ZoneName

SettingSort = Literal["key", "-key", "updated_at", "-updated_at"]
WeekDay = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Overlap = Literal["allow", "reject"]
RoundingMode = Literal["up", "down", "nearest"]
RoundingPer = Literal["entry", "group"]
Minutes = Annotated[int, Meta(ge=1, le=1440)]
DaySeconds = Annotated[int, Meta(ge=0, le=86_400)]

TAKES = (
    "Of `time_zone` an IANA zone; of `week_start` a day such as `monday`; of `rounding` `none` or"
    " `{minutes, mode: up | down | nearest, per: entry | group}`; of `overlap` `allow` or `reject`; of"
    " `day_target_seconds` 0 to 86400; of a key that begins with `app.`, any JSON of at most 16 KiB."
)

SETTING_EXAMPLE = {"value": "Europe/Berlin"}


class Rounding(Struct, forbid_unknown_fields=True, frozen=True):
    """To how many minutes reports round, which way, and whether each entry's time or each group's sum."""

    minutes: Minutes
    mode: RoundingMode = "nearest"
    per: RoundingPer = "entry"


class Preferences(Struct, frozen=True, kw_only=True):
    """The known settings, each with what holds where the person has not set it."""

    time_zone: ZoneName = "UTC"
    week_start: WeekDay = "monday"
    rounding: Rounding | Literal["none"] = "none"
    overlap: Overlap = "allow"
    day_target_seconds: DaySeconds | None = None


KNOWN: Final = {field.name: field.type for field in fields(Preferences)}
"""The known keys, and what each takes."""


class SettingOut(Struct, frozen=True):
    """A setting."""

    key: str
    value: Annotated[Any, Meta(description="What the key takes, with the names in every object sorted.")]
    seq: Annotated[int, Meta(description="The person's number of the setting's last change.")]
    updated_at: Instant
    deleted_at: Annotated[Instant | None, Meta(description="When it went to the trash.")]


class SettingPage(Struct, frozen=True):
    """A page of settings."""

    items: list[SettingOut]
    next_cursor: Annotated[str | None, Meta(description="Asks for the page after; null on the last.")]
    total: Annotated[int | UnsetType, Meta(description="How many match, where `total=true` asks.")] = UNSET


class SettingPut(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A setting as it is to be."""

    value: Annotated[Any, Meta(description=TAKES)]


class SettingQuery(ListQuery, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the list of settings can be asked."""

    sort: Annotated[SettingSort, Meta(description="The order; `-` turns it round.")] = "key"
