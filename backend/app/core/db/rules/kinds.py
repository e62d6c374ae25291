"""Of which kind a column's values are, whatever decorates its type."""

from typing import Any, Final

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Integer, String, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine

KINDS: Final[dict[str, tuple[type[TypeEngine[Any]], ...]]] = {
    "instant": (DateTime,),
    "day": (Date,),
    "id": (Uuid,),
    "json": (JSON,),
    "bool": (Boolean,),
    "int": (Integer,),
    "text": (String,),
}


def kind_of(column: Column[Any]) -> str:
    """Which of KINDS the column is of. Raises TypeError for any other."""
    type_: Any = column.type
    while isinstance(type_, TypeDecorator):
        type_ = type_.impl
    for kind, types in KINDS.items():
        if isinstance(type_, types):
            return kind
    raise TypeError(f"{column} is of a type that has no canonical form: {column.type!r}")
