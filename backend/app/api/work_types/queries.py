"""The statements of work types: their JSON, their sorts and their filters."""

from app.api.work_types.schemas import WorkTypeNew, WorkTypeOut, WorkTypePatch, WorkTypePut
from app.core.rows.filters import filters_of
from app.core.rows.pages import Listing
from app.core.rows.resources import Resource
from app.core.rows.sorts import sorts_of
from app.models.base import table_of
from app.models.work_type import WorkType

WORK_TYPES = Resource(
    name="work type",
    path="/work-types",
    table=table_of(WorkType),
    out=WorkTypeOut,
    columns=WorkTypeOut.__struct_fields__,
    new=WorkTypeNew,
    put=WorkTypePut,
    patch=WorkTypePatch,
    unique="code",
)

ACTIVE = WORK_TYPES.table.c.active

WORK_TYPE_LIST = Listing(
    WORK_TYPES,
    sorts_of(WORK_TYPES, "code", "name"),
    {**filters_of(WORK_TYPES, "code", "name"), "active": ACTIVE.is_(True), "inactive": ACTIVE.is_(False)},
)
