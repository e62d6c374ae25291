"""The session that each request gets."""

from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request

from app.core.db.session import Session
from app.core.http.again import note_commit
from app.core.http.allow import SAFE_METHODS
from app.core.http.idempotency import carry_key, keep
from app.core.rows.turns import written_by


async def provide_session(request: Request[Any, Any, Any]) -> AsyncGenerator[Session, None]:
    """The session of one request: committed when the handler is through, before the response is sent.

    Whatever is raised meanwhile, cancellation included, rolls it back and gives the connection back. The
    answer to a request with an Idempotency-Key is kept in the same transaction. What only reads has nothing
    to commit.
    """
    state = request.app.state
    if request.method in SAFE_METHODS:
        async with state.database.session(read_only=True) as session:
            yield session
        return
    async with state.database.session() as session:
        await carry_key(request, session)
        yield session
        await keep(request, session)
        note_commit(request.scope)
        await session.settle()
    for user_id in written_by(session):
        state.wakes.wrote(user_id)
