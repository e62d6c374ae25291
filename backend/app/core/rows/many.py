"""Many new rows with few statements, where each would be made as it is by itself."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.db.errors import problem_of
from app.core.errors import UnavailableError
from app.core.rows.resources import Out, Resource, Row
from app.core.rows.statements import insert_many_statement
from app.core.rows.turns import Turn, following
from app.core.rows.writes import Values, insertion, with_new_id

SAVEPOINT = text("SAVEPOINT many")
BACK = text("ROLLBACK TO SAVEPOINT many")
SIZES: Final = (32, 16, 8, 4, 2, 1)
"""Of a statement, in rows: for any number of rows a few, and few kinds of statements to keep."""


def may_be_many(resource: Resource[Any]) -> bool:
    """Whether a new row hangs on no other, so that nothing has to be read in between."""
    return not resource.rules


async def create_many(turn: Turn, resource: Resource[Out], several: Sequence[Values]) -> list[Row[Out]]:
    """New rows with ids of the app's, each with the next number; none where the database refuses one.

    The values are of the same columns. Which row it is that is refused, and why, is found by making them
    one by one.
    """
    versions, parameters = [], []
    bodies: dict[Any, str] = {}
    names: tuple[str, ...] = ()
    for values in several:
        id_, its_turn = with_new_id(turn)
        names, given = insertion(its_turn, resource, id_, values)
        versions.append((id_, turn.seq))
        parameters.append(given)
        turn = following(turn)
    await turn.session.rows(SAVEPOINT, {})
    try:
        for part in _parts(parameters):
            statement = insert_many_statement(resource, names, len(part))
            made = await turn.session.rows(statement, _placed(part))
            bodies |= {id_: body for body, id_ in made}
    except DBAPIError as error:
        if error.connection_invalidated or isinstance(problem_of(error), UnavailableError):
            raise  # of no row's doing; the transaction may be gone, and its savepoint with it
        await turn.session.rows(BACK, {})
        return []
    return [Row(id_, turn.epoch, seq, bodies[id_]) for id_, seq in versions]


def _parts(parameters: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """The rows in parts, each of one of the sizes."""
    while parameters:
        size = next(size for size in SIZES if size <= len(parameters))
        part, parameters = parameters[:size], parameters[size:]
        yield part


def _placed(part: list[dict[str, object]]) -> dict[str, object]:
    return {f"{name}_{place}": value for place, given in enumerate(part) for name, value in given.items()}
