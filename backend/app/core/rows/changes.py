"""Changes that a resource's rules decide about, under the person's turn."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from app.core.rows.turns import Turn

Out = TypeVar("Out")

Key = UUID | str
"""What names a row among a person's: its id, or the key of a setting."""

Verb = Literal["create", "replace", "patch", "trash", "restore"]


@dataclass
class Change(Generic[Out]):
    """One change of one row, before it is made.

    `before` is the row as it is, None where there is none yet; for `restore` it is the one in the trash.
    `values` are the columns that are to be set: rules may add to them. `options` are what the request
    says beside the row. `is_new` says that there is no such row, as was seen in this turn.
    """

    turn: Turn
    verb: Verb
    key: Key
    before: Out | None
    values: dict[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = False

    def after(self, name: str) -> Any:
        """What the column will hold."""
        return self.values[name] if name in self.values else getattr(self.before, name, None)

    def sets(self, *names: str) -> bool:
        """Whether one of the columns gets another value than it has."""
        return any(
            name in self.values and self.values[name] != getattr(self.before, name, None) for name in names
        )


Rule = Callable[[Change[Any]], Awaitable[None]]
"""Raises a problem where the change may not be made, or completes its values."""
