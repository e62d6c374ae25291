"""Reading one row."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.rows import refusals
from app.core.rows.changes import Key
from app.core.rows.resources import Out, Resource, Row
from app.core.rows.statements import read_statement


async def read_row(session: AsyncSession, user_id: str, resource: Resource[Out], key: Key) -> Row[Out]:
    """The live row with this key. Raises NotFoundError where the person has none."""
    connection = await session.connection()
    found = await connection.execute(read_statement(resource), {"by_user_id": user_id, "by_key": key})
    row = found.one_or_none()
    if row is None:
        raise refusals.not_found(resource)
    return Row(key, row.epoch, row.seq, row[2])
