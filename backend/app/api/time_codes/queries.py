"""The statements of time codes: their JSON, their sorts and their filters."""

from app.api.time_codes.schemas import TimeCodeNew, TimeCodeOut, TimeCodePatch, TimeCodePut
from app.core.rows.filters import filters_of
from app.core.rows.pages import Listing
from app.core.rows.resources import Resource
from app.core.rows.sorts import sorts_of
from app.models.base import table_of
from app.models.time_code import TimeCode

TIME_CODES = Resource(
    name="time code",
    path="/time-codes",
    table=table_of(TimeCode),
    out=TimeCodeOut,
    columns=TimeCodeOut.__struct_fields__,
    new=TimeCodeNew,
    put=TimeCodePut,
    patch=TimeCodePatch,
    cleared={"keywords": [], "examples": []},
    unique="code",
)

ACTIVE = TIME_CODES.table.c.active

TIME_CODE_LIST = Listing(
    TIME_CODES,
    sorts_of(TIME_CODES, "code", "name"),
    {**filters_of(TIME_CODES, "code", "name"), "active": ACTIVE.is_(True), "inactive": ACTIVE.is_(False)},
)
