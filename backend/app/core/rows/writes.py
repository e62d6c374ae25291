"""The one path of every write, in the order that a person's `seq` rests on.

First the counter, in a statement of its own: it serializes one person's writes, so that what is read
after it is what the change will meet. Then the clock, then reads that decide, then the change with
RETURNING. A refused write raises; the session provider rolls back, and the number goes back with it.
"""

from collections.abc import Mapping
from dataclasses import replace as replace_fields
from datetime import datetime
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

import msgspec
from sqlalchemy import CursorResult, Insert, Update
from sqlalchemy.exc import DBAPIError

from app.core.db.errors import is_taken
from app.core.errors import ConflictError, Fault, InTrashError, InvalidError, NotFoundError, StaleError
from app.core.http.etags import ANY, Version, row_tag
from app.core.ids import created_at_of, fault_of, new_id
from app.core.rows.resources import Out, Resource, Row
from app.core.rows.statements import insert_statement, restore_statement, state_statement, update_statement
from app.core.rows.turns import Turn, give_back


class State(NamedTuple):
    """A row as it is now, in the trash or not."""

    seq: int
    trashed: bool
    body: str


async def create(
    turn: Turn, resource: Resource[Out], values: Mapping[str, object], id_: UUID | None = None
) -> Row[Out]:
    """A new row, with an id of the app's or the client's.

    Raises InvalidError for an id that clients may not choose, ConflictError where it or the unique field
    is taken.
    """
    if id_ is None:
        id_ = new_id()
        # Made after the turn's moment was read, and no row changes before it is created.
        return await _insert(replace_fields(turn, at=max(turn.at, created_at_of(id_))), resource, id_, values)
    _refuse_unfit_id(id_, turn.at)
    if state := await state_of(turn, resource, id_):
        if state.trashed:
            raise _in_trash(resource)
        raise ConflictError(f"A {resource.name} with this id exists already.", **_as_it_is(turn, state))
    return await _insert(turn, resource, id_, values)


async def replace(
    turn: Turn,
    resource: Resource[Out],
    id_: UUID,
    values: Mapping[str, object],
    if_match: list[Version] | None = None,
    create_only: bool = False,
) -> tuple[Row[Out], bool]:
    """Makes the row with this id hold `values`; beside it, whether it was created.

    Raises StaleError where `if_match` or `create_only` (If-None-Match: *) does not hold, InTrashError
    where the row lies in the trash, InvalidError for an id that clients may not choose.
    """
    _refuse_unfit_id(id_, turn.at)
    if not create_only and (row := await _update(turn, resource, id_, values, if_match)):
        return row, False
    state = await state_of(turn, resource, id_)
    if state is not None:
        raise _in_trash(resource) if state.trashed else _stale(turn, resource, state)
    if if_match is not None:
        raise StaleError(f"There is no {resource.name} with this id for If-Match to match.")
    return await _insert(turn, resource, id_, values), True


async def patch(
    turn: Turn,
    resource: Resource[Out],
    id_: UUID,
    changes: Mapping[str, object],
    if_match: list[Version] | None = None,
) -> Row[Out]:
    """A merge patch (RFC 7396): the columns in `changes` change, the others stay.

    Raises NotFoundError, StaleError where If-Match does not hold, or InvalidError where two columns
    that exclude each other would be set.
    """
    rivals = {
        name: other
        for name, other in resource.exclusive.items()
        if changes.get(name) is not None and other not in changes
    }
    if row := await _update(turn, resource, id_, changes, if_match, tuple(rivals.values())):
        return row
    state = await state_of(turn, resource, id_)
    if state is None or state.trashed:
        raise not_found(resource)
    if not _matches(turn, state, if_match):
        raise _stale(turn, resource, state)
    raise InvalidError(
        f"A {resource.name} can't have both.",
        errors=tuple(
            Fault(f"/{name}", "exclusive", f"Send `{other}: null` with it") for name, other in rivals.items()
        ),
    )


async def trash(
    turn: Turn, resource: Resource[Any], id_: UUID, if_match: list[Version] | None = None
) -> None:
    """Moves a row to the trash. What lies there already stays as it is, and takes no number.

    Raises NotFoundError where there is no such row, StaleError where If-Match does not hold.
    """
    if await _update(turn, resource, id_, {"deleted_at": turn.at}, if_match):
        return
    state = await state_of(turn, resource, id_)
    if state is None:
        raise not_found(resource)
    if not state.trashed:
        raise _stale(turn, resource, state)
    await give_back(turn)


async def restore(
    turn: Turn, resource: Resource[Out], id_: UUID, if_match: list[Version] | None = None
) -> Row[Out]:
    """Takes a row out of the trash. One that is not there stays as it is, and takes no number.

    Raises NotFoundError where there is no such row, StaleError where If-Match does not hold, ConflictError
    where another row has its unique field.
    """
    state = await state_of(turn, resource, id_)
    if state is None:
        raise not_found(resource)
    if not _matches(turn, state, if_match):
        raise _stale(turn, resource, state)
    if not state.trashed:
        await give_back(turn)
        return Row(id_, turn.epoch, state.seq, state.body)
    restored = await _run(turn, resource, restore_statement(resource), _key(turn, id_) | _stamp(turn))
    return Row(id_, turn.epoch, turn.seq, restored.scalar_one())


async def state_of(turn: Turn, resource: Resource[Any], id_: UUID) -> State | None:
    """The row with this id as it is now, whether or not it lies in the trash."""
    connection = await turn.session.connection()
    found = (await connection.execute(state_statement(resource), _key(turn, id_))).one_or_none()
    return State(*found) if found else None


def not_found(resource: Resource[Any]) -> NotFoundError:
    """The one answer for a row that is missing, in the trash, or a stranger's."""
    return NotFoundError(f"There is no {resource.name} with this id.")


async def _insert(turn: Turn, resource: Resource[Out], id_: UUID, values: Mapping[str, object]) -> Row[Out]:
    own = {"id": id_, "user_id": turn.user_id, "created_at": created_at_of(id_)}
    columns = resource.with_keys(values) | own
    parameters = _stamp(turn) | {f"new_{name}": value for name, value in columns.items()}
    statement = insert_statement(resource, (*columns, "seq", "updated_at"))
    body = (await _run(turn, resource, statement, parameters)).scalar_one()
    return Row(id_, turn.epoch, turn.seq, body)


async def _update(
    turn: Turn,
    resource: Resource[Out],
    id_: UUID,
    values: Mapping[str, object],
    if_match: list[Version] | None,
    empty: tuple[str, ...] = (),
) -> Row[Out] | None:
    """The changed row; None where no live row matches, or a column that must be empty is not."""
    columns = resource.with_keys(values)
    parameters = _key(turn, id_) | _stamp(turn) | {f"new_{name}": value for name, value in columns.items()}
    guarded = if_match is not None and ANY not in if_match
    if guarded:
        parameters["expected"] = await _expected(turn, resource, id_, if_match or [])
    statement = update_statement(resource, (*columns, "seq", "updated_at"), guarded, empty)
    body = (await _run(turn, resource, statement, parameters)).scalar_one_or_none()
    return Row(id_, turn.epoch, turn.seq, body) if body else None


async def _run(
    turn: Turn, resource: Resource[Any], statement: Insert | Update, parameters: dict[str, object]
) -> CursorResult[Any]:
    """Runs a change. Raises ConflictError where another live row has the same in the unique field.

    It is that field, and not the id: whoever inserts has the turn, and has seen that the id is free.
    """
    connection = await turn.session.connection()
    try:
        return await connection.execute(statement, parameters)
    except DBAPIError as error:
        if resource.unique and is_taken(error):
            raise _taken(resource, resource.unique) from error
        raise


async def _expected(turn: Turn, resource: Resource[Any], id_: UUID, if_match: list[Version]) -> int:
    """The number that the row must bear: the one that If-Match names, or 0, which no row bears."""
    numbers = [version.seq for version in if_match if version.epoch == turn.epoch]
    if len(numbers) > 1:
        state = await state_of(turn, resource, id_)
        numbers = [number for number in numbers if state and number == state.seq]
    return numbers[0] if numbers else 0


def _matches(turn: Turn, state: State, if_match: list[Version] | None) -> bool:
    return if_match is None or ANY in if_match or Version(turn.epoch, state.seq) in if_match


def _key(turn: Turn, id_: UUID) -> dict[str, object]:
    return {"by_user_id": turn.user_id, "by_id": id_}


def _stamp(turn: Turn) -> dict[str, object]:
    return {"new_seq": turn.seq, "new_updated_at": turn.at, "at": turn.at}


def _refuse_unfit_id(id_: UUID, now: datetime) -> None:
    if message := fault_of(id_, now):
        raise InvalidError("The id can't be used.", errors=(Fault("/id", "id", message),))


def _taken(resource: Resource[Any], field: str) -> ConflictError:
    fault = Fault(f"/{field}", "taken", f"Another {resource.name} has this {field}, in whatever case")
    return ConflictError(f"A {resource.name} with this {field} exists already.", errors=(fault,))


def _in_trash(resource: Resource[Any]) -> InTrashError:
    return InTrashError(f"The {resource.name} with this id lies in the trash; restore it first.")


def _stale(turn: Turn, resource: Resource[Any], state: State) -> StaleError:
    return StaleError(
        f"The {resource.name} is not in the state that the request's condition asks for.",
        **_as_it_is(turn, state),
    )


class _AsItIs(TypedDict):
    headers: dict[str, str]
    current: msgspec.Raw


def _as_it_is(turn: Turn, state: State) -> _AsItIs:
    """The row as it is now, for whoever meant it to be otherwise."""
    return {"headers": {"ETag": row_tag(turn.epoch, state.seq)}, "current": msgspec.Raw(state.body.encode())}
