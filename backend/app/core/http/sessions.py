"""The session that each request gets."""

from collections.abc import AsyncGenerator
from typing import Any, Final

from litestar import Request

from app.core.db.session import Session, committed
from app.core.http.again import note_commit
from app.core.http.idempotency import carry_key, keep
from app.core.rows.turns import written_by

SAFE_METHODS: Final = ("GET", "HEAD")


async def provide_session(request: Request[Any, Any, Any]) -> AsyncGenerator[Session, None]:
    """The session of one request: committed when the handler is through, before the response is sent.

    Whatever is raised meanwhile, cancellation included, rolls it back and gives the connection back. The
    answer to a request with an Idempotency-Key is kept in the same transaction.
    """
    state = request.app.state
    async with committed(state.database, read_only=request.method in SAFE_METHODS) as session:
        await carry_key(request, session)
        yield session
        await keep(request, session)
        note_commit(request.scope)
    for user_id in written_by(session):
        state.wakes.wrote(user_id)
