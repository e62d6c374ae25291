"""What the shared reads and writes need to know of a resource."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Table

from app.core.ids import LEAST_ID, created_at_of
from app.core.rows.changes import Key, Rule
from app.core.rows.render import json_row
from app.core.text import fold
from app.models.types import FOLDS

Out = TypeVar("Out")

Check = Callable[[Key, Mapping[str, Any]], dict[str, object]]
"""The columns of the row with this key, of those that a body sets. Raises InvalidError."""

Derivation = Callable[[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]], ColumnElement[Any]]
"""Makes a column's value out of the new value it follows from, its own present one, and the moment."""


@dataclass(frozen=True, eq=False)
class Resource(Generic[Out]):
    """One kind of row: its table, its JSON, and what follows from a change.

    `path` is where it is served below the API's base. `columns` are those of the JSON object, in order;
    `out` is the struct that describes it. `key` is the column that names a row among a person's.
    `derived` names, for a column that clients set, the column that follows from it and how.
    `cleared` is what a `null` in a merge patch stands for where that is not NULL.
    `exclusive` says which column must be NULL where another is set. The database refuses both; a
    patch that would get there is told what to clear.
    `unique` is the field that no two live rows of a person have alike, whatever its case. The database
    refuses it, and the refusal is told as being about that field: a table has one such field at most.
    `references` are the columns that name a row of another table of the same person's; those among the
    `released` are cleared when that row is purged, the others keep it from being purged.
    `rules` decide about every change, in their order, under the person's turn: the resource's rules.py
    adds them, since it stands above the statements.
    `checks` complete the columns that a body sets for a row with a key that says what they may be, and
    refuse what it does not take, without a look at the database.
    `new`, `put` and `patch` are the bodies that its verbs take; a view of another resource's rows has none.
    """

    name: str
    path: str
    table: Table
    out: type[Out]
    columns: tuple[str, ...]
    key: str = "id"
    derived: Mapping[str, tuple[str, Derivation]] = field(default_factory=dict)
    cleared: Mapping[str, object] = field(default_factory=dict)
    exclusive: Mapping[str, str] = field(default_factory=dict)
    unique: str | None = None
    references: Mapping[str, "Resource[Any]"] = field(default_factory=dict)
    released: frozenset[str] = frozenset()
    rules: list[Rule] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    new: type[msgspec.Struct] | None = None
    put: type[msgspec.Struct] | None = None
    patch: type[msgspec.Struct] | None = None

    @cached_property
    def row(self) -> json_row:
        """The expression that renders one row."""
        return json_row(*(self.table.c[name] for name in self.columns))

    @cached_property
    def folds(self) -> dict[str, str]:
        """The table's folded columns, by the column that each is derived from."""
        return {column.info[FOLDS]: column.name for column in self.table.c if FOLDS in column.info}

    @property
    def least_key(self) -> Key:
        """What comes before every row's key."""
        return LEAST_ID if self.key == "id" else ""

    def identity(self, key: Key) -> dict[str, object]:
        """The columns that a new row has for being itself."""
        return {"id": key, "created_at": created_at_of(key)} if isinstance(key, UUID) else {self.key: key}

    def with_keys(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values, and beside each text the folded key that the table keeps of it."""
        keys = {
            key: None if values[source] is None else fold(values[source])
            for source, key in self.folds.items()
            if source in values
        }
        return {**values, **keys}

    def changes(self, body: msgspec.Struct, key: Any = None) -> dict[str, object]:
        """The columns that a body sets: its fields without `id` and without those that are absent.

        Raises what `check` refuses of them for the row with this key.
        """
        given = ((name, getattr(body, name)) for name in body.__struct_fields__ if name != "id")
        values = {
            name: self.cleared.get(name) if value is None else value
            for name, value in given
            if value is not msgspec.UNSET
        }
        for check in self.checks:
            values = check(key, values)
        return values


@dataclass(frozen=True)
class Row(Generic[Out]):
    """One rendered row with its version; `body` is the JSON of an `Out`."""

    key: Key
    epoch: str
    seq: int
    body: str


class State(NamedTuple):
    """A row as it is now, in the trash or not."""

    seq: int
    trashed: bool
    body: str
