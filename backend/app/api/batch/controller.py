"""Batches over HTTP."""

import msgspec
from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody

from app.api.batch import rules
from app.api.batch.schemas import BATCH_EXAMPLE, Batch, Results
from app.core.db.session import Session
from app.core.http.answers import json_answer
from app.core.rows.turns import take_turns, undo_turns


class BatchController(Controller):
    """Many writes at once, all or none."""

    path = "/batch"
    tags = ("Batch",)

    @post(
        operation_id="runBatch",
        status_code=200,
        opt={"example": BATCH_EXAMPLE, "problems": {404, 412}, "tagged": False},
    )
    async def run_batch(
        self,
        session: NamedDependency[Session],
        user_id: NamedDependency[str],
        request: Request[str, float, State],
        data: JSONBody[Batch],
    ) -> Response[Results]:
        """Up to 500 writes of any rows, in order, all or none; `dry_run` only says what would be."""
        steps = rules.steps_of(data.operations, request.app.state.resources)
        turn = await take_turns(session, user_id, len(steps))
        results = await rules.run(turn, steps)
        if data.dry_run:
            await undo_turns(session)
        return json_answer(msgspec.json.encode(results))
