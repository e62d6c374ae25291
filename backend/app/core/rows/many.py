"""Many new rows on one trip to the database, where each would be made as it is by itself."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.rows.resources import Out, Resource, Row
from app.core.rows.turns import Turn, following
from app.core.rows.writes import Values, insertion, with_new_id

SAVEPOINT = text("SAVEPOINT many")
BACK = text("ROLLBACK TO SAVEPOINT many")


def may_be_many(resource: Resource[Any]) -> bool:
    """Whether a new row hangs on no other, so that nothing has to be read in between."""
    return not resource.rules


async def create_many(turn: Turn, resource: Resource[Out], several: Sequence[Values]) -> list[Row[Out]]:
    """New rows with ids of the app's, each with the next number; none where the database refuses one.

    Which it is, and why, is found by making them one by one.
    """
    rows, parameters = [], []
    for values in several:
        id_, its_turn = with_new_id(turn)
        statement, given = insertion(its_turn, resource, id_, values)
        rows.append((id_, turn.seq))
        parameters.append(given)
        turn = following(turn)
    await turn.session.rows(SAVEPOINT, {})
    try:
        bodies = await turn.session.rows(statement, *parameters)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        await turn.session.rows(BACK, {})
        return []
    return [Row(id_, turn.epoch, seq, body) for (id_, seq), (body,) in zip(rows, bodies, strict=True)]
