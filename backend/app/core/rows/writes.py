"""The one path of every write, in the order that a person's `seq` rests on.

First the counter, in a statement of its own: it serializes one person's writes, so that what is read
after it is what the change will meet. Then the clock, then reads that decide (a resource's rules), then
the change with RETURNING. A refused write raises; the session provider rolls back, and the number goes
back with it.
"""

from collections.abc import Mapping
from dataclasses import replace as replace_fields
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Insert, Update
from sqlalchemy.exc import DBAPIError

from app.core.db.errors import is_taken
from app.core.http.etags import ANY, Version
from app.core.ids import created_at_of, new_id
from app.core.rows import refusals
from app.core.rows.changes import Change, Key
from app.core.rows.resources import Out, Resource, Row, State
from app.core.rows.statements import insert_statement, restore_statement, state_statement, update_statement
from app.core.rows.turns import Turn, give_back

Values = Mapping[str, object]
NOTHING: Values = {}


async def create(
    turn: Turn, resource: Resource[Out], values: Values, id_: UUID | None = None, options: Values = NOTHING
) -> Row[Out]:
    """A new row, with an id of the app's or the client's.

    Raises InvalidError for an id that clients may not choose, ConflictError where it or the unique field
    is taken.
    """
    if id_ is None:
        id_, turn = with_new_id(turn)
    else:
        refusals.refuse_unfit_id(id_, turn.at)
        if state := await state_of(turn, resource, id_):
            raise refusals.in_trash(resource) if state.trashed else refusals.exists(turn, resource, state)
    settled = await _settled(resource, Change(turn, "create", id_, None, {**values}, options))
    return await _insert(turn, resource, id_, settled)


def with_new_id(turn: Turn) -> tuple[UUID, Turn]:
    """An id for a new row, and the turn at a moment that is not before the id's: rows change after that."""
    id_ = new_id()
    return id_, replace_fields(turn, at=max(turn.at, created_at_of(id_)))


async def replace(
    turn: Turn,
    resource: Resource[Out],
    key: Key,
    values: Values,
    if_match: list[Version] | None = None,
    create_only: bool = False,
    options: Values = NOTHING,
) -> tuple[Row[Out], bool]:
    """Makes the row with this key hold `values`; beside it, whether it was created.

    Raises StaleError where `if_match` or `create_only` (If-None-Match: *) does not hold, InTrashError
    where the row lies in the trash, InvalidError for an id that clients may not choose.
    """
    if isinstance(key, UUID):
        refusals.refuse_unfit_id(key, turn.at)
    change = Change[Out](turn, "replace", key, None, {**values}, options)
    values = await _decided(resource, change, if_match, create_only)
    if change.is_new:
        return await _insert(turn, resource, key, values), True
    if not create_only and (row := await _update(turn, resource, key, values, if_match)):
        return row, False
    state = await state_of(turn, resource, key)
    if state is not None:
        raise refusals.in_trash(resource) if state.trashed else refusals.stale(turn, resource, state)
    if if_match is not None:
        raise refusals.missing(resource)
    return await _insert(turn, resource, key, values), True


async def patch(
    turn: Turn,
    resource: Resource[Out],
    key: Key,
    changes: Values,
    if_match: list[Version] | None = None,
    options: Values = NOTHING,
) -> Row[Out]:
    """A merge patch (RFC 7396): the columns in `changes` change, the others stay.

    Raises NotFoundError, StaleError where If-Match does not hold, or InvalidError where two columns
    that exclude each other would be set.
    """
    changes = await _decided(resource, Change(turn, "patch", key, None, {**changes}, options), if_match)
    rivals = {
        name: other
        for name, other in resource.exclusive.items()
        if changes.get(name) is not None and other not in changes
    }
    if row := await _update(turn, resource, key, changes, if_match, tuple(rivals.values())):
        return row
    state = await state_of(turn, resource, key)
    if state is None or state.trashed:
        raise refusals.not_found(resource)
    if not matches(turn, state, if_match):
        raise refusals.stale(turn, resource, state)
    raise refusals.rivals_set(resource, rivals)


async def update(turn: Turn, resource: Resource[Out], key: Key, values: Values) -> Row[Out]:
    """A change of a live row that the caller has read in this turn, and that no rule need be asked about.

    Raises NotFoundError where there is no such row.
    """
    if row := await _update(turn, resource, key, values, None):
        return row
    raise refusals.not_found(resource)


async def trash(turn: Turn, resource: Resource[Any], key: Key, if_match: list[Version] | None = None) -> None:
    """Moves a row to the trash. What lies there already stays as it is, and takes no number.

    Raises NotFoundError where there is no such row, StaleError where If-Match does not hold.
    """
    values = await _decided(resource, Change(turn, "trash", key, None, {"deleted_at": turn.at}), if_match)
    if await _update(turn, resource, key, values, if_match):
        return
    state = await state_of(turn, resource, key)
    if state is None:
        raise refusals.not_found(resource)
    if not state.trashed:
        raise refusals.stale(turn, resource, state)
    await give_back(turn)


async def restore(
    turn: Turn,
    resource: Resource[Out],
    key: Key,
    if_match: list[Version] | None = None,
    options: Values = NOTHING,
) -> Row[Out]:
    """Takes a row out of the trash. One that is not there stays as it is, and takes no number.

    Raises NotFoundError where there is no such row, StaleError where If-Match does not hold, ConflictError
    where another row has its unique field.
    """
    state = await state_of(turn, resource, key)
    if state is None:
        raise refusals.not_found(resource)
    if not matches(turn, state, if_match):
        raise refusals.stale(turn, resource, state)
    if not state.trashed:
        await give_back(turn)
        return Row(key, turn.epoch, state.seq, state.body)
    await _settled(resource, Change(turn, "restore", key, _shown(resource, state), {}, options))
    body = await _run(turn, resource, restore_statement(resource), _key(turn, key) | _stamp(turn))
    if body is None:
        raise refusals.not_found(resource)
    return Row(key, turn.epoch, turn.seq, body)


async def state_of(turn: Turn, resource: Resource[Any], key: Key) -> State | None:
    """The row with this key as it is now, whether or not it lies in the trash."""
    found = await turn.session.row(state_statement(resource), _key(turn, key))
    return State(*found) if found else None


def matches(turn: Turn, state: State, if_match: list[Version] | None) -> bool:
    """Whether If-Match holds for the row."""
    return if_match is None or ANY in if_match or Version(turn.epoch, state.seq) in if_match


async def _decided(
    resource: Resource[Any],
    change: Change[Any],
    if_match: list[Version] | None,
    create_only: bool = False,
) -> Values:
    """The change's values as the resource's rules leave them, who are shown the row as it is.

    Rules are not asked about what is refused anyway, for its state or the request's condition.
    """
    if not resource.rules:
        return change.values
    state = await state_of(change.turn, resource, change.key)
    if state is None:
        refused = change.verb != "replace" or if_match is not None
    else:
        refused = state.trashed or create_only or not matches(change.turn, state, if_match)
    if refused:
        return change.values
    change.is_new = state is None
    change.before = state and _shown(resource, state)
    return await _settled(resource, change)


def _shown(resource: Resource[Out], state: State) -> Out:
    """The row as rules are shown it."""
    return msgspec.json.decode(state.body, type=resource.out)


async def _settled(resource: Resource[Any], change: Change[Any]) -> Values:
    for rule in resource.rules:
        await rule(change)
    return change.values


async def _insert(turn: Turn, resource: Resource[Out], key: Key, values: Values) -> Row[Out]:
    names, parameters = insertion(turn, resource, key, values)
    body = await _run(turn, resource, insert_statement(resource, names), parameters)
    return Row(key, turn.epoch, turn.seq, body)


def insertion(
    turn: Turn, resource: Resource[Any], key: Key, values: Values
) -> tuple[tuple[str, ...], dict[str, object]]:
    """The columns that a new row is made with, and the parameters of the statement that makes it."""
    columns = resource.with_keys(values) | resource.identity(key) | {"user_id": turn.user_id}
    parameters = _stamp(turn) | {f"new_{name}": value for name, value in columns.items()}
    return (*columns, "seq", "updated_at"), parameters


async def _update(
    turn: Turn,
    resource: Resource[Out],
    key: Key,
    values: Values,
    if_match: list[Version] | None,
    empty: tuple[str, ...] = (),
) -> Row[Out] | None:
    """The changed row; None where no live row matches, or a column that must be empty is not."""
    columns = resource.with_keys(values)
    parameters = _key(turn, key) | _stamp(turn) | {f"new_{name}": value for name, value in columns.items()}
    guarded = if_match is not None and ANY not in if_match
    if guarded:
        parameters["expected"] = await _expected(turn, resource, key, if_match or [])
    statement = update_statement(resource, (*columns, "seq", "updated_at"), guarded, empty)
    body = await _run(turn, resource, statement, parameters)
    return Row(key, turn.epoch, turn.seq, body) if body else None


async def _run(
    turn: Turn, resource: Resource[Any], statement: Insert | Update, parameters: dict[str, object]
) -> Any:
    """Runs a change: the JSON of the row, None where there was none to change.

    Raises ConflictError where another live row has the same in the unique field. It is that field, and
    not the key: whoever inserts has the turn, and has seen that the key is free.
    """
    try:
        changed = await turn.session.row(statement, parameters)
    except DBAPIError as error:
        if resource.unique and is_taken(error):
            raise refusals.taken(resource, resource.unique) from error
        raise
    return changed[0] if changed else None


async def _expected(turn: Turn, resource: Resource[Any], key: Key, if_match: list[Version]) -> int:
    """The number that the row must bear: the one that If-Match names, or 0, which no row bears."""
    numbers = [version.seq for version in if_match if version.epoch == turn.epoch]
    if len(numbers) > 1:
        state = await state_of(turn, resource, key)
        numbers = [number for number in numbers if state and number == state.seq]
    return numbers[0] if numbers else 0


def _key(turn: Turn, key: Key) -> dict[str, object]:
    return {"by_user_id": turn.user_id, "by_key": key}


def _stamp(turn: Turn) -> dict[str, object]:
    return {"new_seq": turn.seq, "new_updated_at": turn.at, "at": turn.at}
