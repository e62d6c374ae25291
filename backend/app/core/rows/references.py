"""References from one row of a person's to another: whether they name a live one."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, exists

from app.core.errors import Fault, InvalidError
from app.core.rows.resources import Resource
from app.core.rows.statements import by_user, new


def names_live_row(resource: Resource[Any], column: str) -> ColumnElement[bool]:
    """Whether the column's new value is the id of a live row of the same person's."""
    table = resource.references[column].table
    return exists().where(
        by_user(table), table.c.id == new(resource.table, column), table.c.deleted_at.is_(None)
    )


def refuse_unknown(resource: Resource[Any], columns: Iterable[str]) -> None:
    """Raises InvalidError for columns that name no live row: missing, in the trash, or a stranger's."""
    faults = tuple(
        Fault(
            f"/{column}", "unknown_reference", f"There is no {resource.references[column].name} with this id"
        )
        for column in columns
    )
    if faults:
        raise InvalidError("What is referred to is not there.", errors=faults)
