"""The filters that every list has, and what they are made of."""

from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, String, Table, bindparam, or_

from app.core.rows.json_texts import ids_among
from app.core.rows.resources import Resource
from app.core.rows.texts import contains

WANTED: Final = bindparam("wanted", type_=String())


def bound(name: str, like: ColumnElement[Any]) -> ColumnElement[Any]:
    """A parameter that is held against a column."""
    return bindparam(name, type_=like.type)


def live_or_trashed(table: Table) -> dict[str, ColumnElement[bool]]:
    """The two lists that every table has."""
    return {"live": table.c.deleted_at.is_(None), "trashed": table.c.deleted_at.is_not(None)}


def referring(name: str, column: ColumnElement[Any]) -> dict[str, ColumnElement[bool]]:
    """The filters of a reference: to some rows (`<name>_ids`), to none, or to either."""
    some, none = ids_among(column, bindparam(f"{name}_ids", type_=JSON())), column.is_(None)
    return {name: some, f"no_{name}": none, f"{name}_or_none": or_(some, none)}


def filters_of(resource: Resource[Any], *texts: str) -> dict[str, ColumnElement[bool]]:
    """Live or in the trash, the range of creation, and `q`: one of these texts contains it, in any case."""
    table = resource.table
    id_ = table.c.id
    keys = [table.c[resource.folds[name]] for name in texts]
    return {
        **live_or_trashed(table),
        # The id carries the moment of creation, and has the index.
        "created_from": id_ >= bound("created_from_id", id_),
        "created_to": id_ < bound("created_to_id", id_),
        "q": or_(*(contains(key, WANTED) for key in keys)),
    }
