"""The orders of lists: what a sort is, and those that every list has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, cast
from uuid import UUID

from sqlalchemy import ColumnElement, String, Table

from app.core.http.wire import Text
from app.core.ids import GREATEST_ID, LEAST_ID
from app.core.rows.resources import Out, Resource
from app.core.text import fold

LAST_CHARACTER: Final = "\U0010ffff"


@dataclass(frozen=True, eq=False)
class Sort(Generic[Out]):
    """A total order of a list.

    `keys` are the expressions, the last of them unique per person; `keys_of` takes the same keys from a
    row's struct. `type` is what they are (a tuple type, for msgspec); every row's lie between `least` and
    `greatest`, and equal neither. `served` says that an index has the keys in this order.
    """

    keys: tuple[ColumnElement[Any], ...]
    type: Any
    least: tuple[Any, ...]
    greatest: tuple[Any, ...]
    keys_of: Callable[[Out], tuple[Any, ...]]
    descending: bool = False
    served: bool = False

    @property
    def first(self) -> tuple[Any, ...]:
        """What comes before every row."""
        return self.greatest if self.descending else self.least


def both_ways(sorts: Mapping[str, Sort[Out]]) -> dict[str, Sort[Out]]:
    """Each sort by its name and, turned round, by its name after a `-`."""
    turned = {f"-{name}": replace(sort, descending=True) for name, sort in sorts.items()}
    return {**sorts, **turned}


def sorts_of(resource: Resource[Out], *texts: str) -> dict[str, Sort[Out]]:
    """By creation and by last change, each served by an index, and by these texts as they are folded."""
    table = resource.table
    by_id: Sort[Any] = Sort(
        (table.c.id,), tuple[UUID], (LEAST_ID,), (GREATEST_ID,), lambda row: (row.id,), served=True
    )
    by_text = {name: _by_text(resource, name) for name in texts}
    return both_ways({"created_at": by_id, "updated_at": by_last_change(table), **by_text})


def by_last_change(table: Table) -> Sort[Any]:
    """In the order of the numbers that changes took."""
    return Sort((table.c.seq,), tuple[int], (0,), (2**63 - 1,), lambda row: (row.seq,), served=True)


def _by_text(resource: Resource[Out], name: str) -> Sort[Out]:
    table = resource.table
    # After every folded text: folding lengthens none of these characters.
    last = LAST_CHARACTER * (cast(String, table.c[name].type).length or 0) + LAST_CHARACTER
    return Sort(
        (table.c[resource.folds[name]], table.c.id),
        tuple[Text, UUID],
        ("", LEAST_ID),
        (last, GREATEST_ID),
        lambda row: (fold(getattr(row, name)), row.id),
    )
