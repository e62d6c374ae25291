"""The problems that a write of a row is refused with, whatever the resource."""

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

import msgspec

from app.core.errors import ConflictError, Fault, InTrashError, InvalidError, NotFoundError, StaleError
from app.core.http.etags import row_tag
from app.core.ids import fault_of
from app.core.rows.resources import Resource, State
from app.core.rows.turns import Turn


def not_found(resource: Resource[Any]) -> NotFoundError:
    """The one answer for a row that is missing, in the trash, or a stranger's."""
    return NotFoundError(f"There is no {resource.name} with this {resource.key}.")


def in_trash(resource: Resource[Any]) -> InTrashError:
    """The row is there, but in the trash."""
    return InTrashError(f"The {resource.name} with this {resource.key} lies in the trash; restore it first.")


def stale(turn: Turn, resource: Resource[Any], state: State) -> StaleError:
    """The row is not the one that the request's condition names."""
    return StaleError(
        f"The {resource.name} is not in the state that the request's condition asks for.",
        **as_it_is(turn, state),
    )


def missing(resource: Resource[Any]) -> StaleError:
    """There is no row for the request's condition to hold for."""
    return StaleError(f"There is no {resource.name} with this {resource.key} for If-Match to match.")


def exists(turn: Turn, resource: Resource[Any], state: State) -> ConflictError:
    """The client's id has a row already."""
    return ConflictError(
        f"A {resource.name} with this {resource.key} exists already.", **as_it_is(turn, state)
    )


def taken(resource: Resource[Any], field: str) -> ConflictError:
    """Another live row has the same in the unique field."""
    fault = Fault(f"/{field}", "taken", f"Another {resource.name} has this {field}, in whatever case")
    return ConflictError(f"A {resource.name} with this {field} exists already.", errors=(fault,))


def rivals_set(resource: Resource[Any], rivals: dict[str, str]) -> InvalidError:
    """Columns would be set that exclude each other: by the one that was sent, the one to clear."""
    return InvalidError(
        f"A {resource.name} can't have both.",
        errors=tuple(
            Fault(f"/{name}", "exclusive", f"Send `{other}: null` with it") for name, other in rivals.items()
        ),
    )


def refuse_unfit_id(id_: UUID, now: datetime) -> None:
    """Raises InvalidError for an id that clients may not choose."""
    if message := fault_of(id_, now):
        raise InvalidError("The id can't be used.", errors=(Fault("/id", "id", message),))


class _AsItIs(TypedDict):
    headers: dict[str, str]
    current: msgspec.Raw


def as_it_is(turn: Turn, state: State) -> _AsItIs:
    """The row as it is now, for whoever meant it to be otherwise."""
    return {"headers": {"ETag": row_tag(turn.epoch, state.seq)}, "current": msgspec.Raw(state.body.encode())}
