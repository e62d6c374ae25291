"""The types of values on the wire."""

from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(9998, 12, 31)
FIRST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)

Text = Annotated[str, Meta(pattern=r"^[^\x00]*$")]
"""Text without NUL, which Postgres can't hold."""

Instant = Annotated[datetime, Meta(tz=True)]
"""An instant of RFC 3339 with its zone, in the years 1970 to 9998; checked by `refuse_out_of_range`."""

Day = date
"""A calendar day in the years 1970 to 9998; checked by `refuse_out_of_range`."""


ZoneName = Annotated[
    Text, Meta(min_length=1, max_length=64, description="An IANA zone.", examples=["Europe/Berlin"])
]
"""The name of a time zone; checked by `is_zone` of core/days.py."""


class FieldError(ValueError):
    """A value that its type allows and its field does not; raised in a struct's `__post_init__`."""

    def __init__(self, field: str, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.field = field
        self.code = code


def refuse_repeats(struct: msgspec.Struct, *fields: str) -> None:
    """Raises FieldError where a list has the same text twice."""
    for field in fields:
        texts = getattr(struct, field)
        if isinstance(texts, list) and len(set(texts)) < len(texts):
            raise FieldError(field, f"Expected each {field.removesuffix('s')} at most once")


def refuse_out_of_range(struct: msgspec.Struct, *fields: str) -> None:
    """Raises FieldError where a day or an instant lies outside the years 1970 to 9998."""
    for field in fields:
        value = getattr(struct, field)
        if isinstance(value, datetime):
            if not FIRST_INSTANT <= value < END_OF_TIME:
                raise FieldError(field, "Expected an instant in the years 1970 to 9998 (UTC)")
        elif isinstance(value, date) and not FIRST_DAY <= value <= LAST_DAY:
            raise FieldError(field, "Expected a day in the years 1970 to 9998")
