"""Reading one row."""

from app.core.db.session import Session
from app.core.rows import refusals
from app.core.rows.changes import Key
from app.core.rows.resources import Out, Resource, Row
from app.core.rows.statements import read_statement


async def read_row(session: Session, user_id: str, resource: Resource[Out], key: Key) -> Row[Out]:
    """The live row with this key. Raises NotFoundError where the person has none."""
    row = await session.row(read_statement(resource), {"by_user_id": user_id, "by_key": key})
    if row is None:
        raise refusals.not_found(resource)
    return Row(key, row.epoch, row.seq, row[2])
