"""The filters that every list has, and what they are made of."""

from typing import Any, Final

from sqlalchemy import ColumnElement, String, bindparam, or_

from app.core.rows.resources import Resource
from app.core.rows.texts import contains

WANTED: Final = bindparam("wanted", type_=String())


def bound(name: str, like: ColumnElement[Any]) -> ColumnElement[Any]:
    """A parameter that is held against a column."""
    return bindparam(name, type_=like.type)


def filters_of(resource: Resource[Any], *texts: str) -> dict[str, ColumnElement[bool]]:
    """Live or in the trash, the range of creation, and `q`: one of these texts contains it, in any case."""
    table = resource.table
    id_, deleted_at = table.c.id, table.c.deleted_at
    keys = [table.c[resource.folds[name]] for name in texts]
    return {
        "live": deleted_at.is_(None),
        "trashed": deleted_at.is_not(None),
        # The id carries the moment of creation, and has the index.
        "created_from": id_ >= bound("created_from_id", id_),
        "created_to": id_ < bound("created_to_id", id_),
        "q": or_(*(contains(key, WANTED) for key in keys)),
    }
