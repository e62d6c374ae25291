"""Noticing that a client leaves while it is kept waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from litestar.types import Receive

from app.core.errors import ProblemError


@asynccontextmanager
async def watched(receive: Receive, on_leaving: Callable[[], None]) -> AsyncIterator[None]:
    """Calls `on_leaving` when the client leaves, and when the block ends."""
    watch = asyncio.ensure_future(_until_gone(receive))
    watch.add_done_callback(lambda _: on_leaving())
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait([watch])


async def _until_gone(receive: Receive) -> None:
    """Whatever else it says is not for us. One that says nothing in time is as good as gone."""
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    except ProblemError:
        return
