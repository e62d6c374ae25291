"""Reading one row."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.errors import NotFoundError
from app.core.rows.resources import Out, Resource, Row
from app.core.rows.statements import read_statement


async def read_row(session: AsyncSession, user_id: str, resource: Resource[Out], id_: UUID) -> Row[Out]:
    """The live row with this id. Raises NotFoundError where the person has none."""
    connection = await session.connection()
    found = await connection.execute(read_statement(resource), {"by_user_id": user_id, "by_id": id_})
    row = found.one_or_none()
    if row is None:
        raise NotFoundError(f"There is no {resource.name} with this id.")
    return Row(id_, row.epoch, row.seq, row[2])
