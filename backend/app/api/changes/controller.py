"""The feed of changes over HTTP: a page at a time, held until there is one, or live."""

from time import time
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from app.api.changes import rules
from app.api.changes.rules import Feed
from app.api.changes.schemas import ChangePage, ChangeQuery, StreamQuery
from app.core.feed.cursors import parse_feed_cursor
from app.core.http.answers import json_answer
from app.core.http.events import EVENT_STREAM, EventStream


def provide_feed(request: Request[Any, Any, State], user_id: NamedDependency[str]) -> Feed:
    """The dependency `feed`: the asker's, of every kind of row."""
    state = request.app.state
    return Feed(state.database, state.wakes, tuple(state.resources.values()), user_id)


class ChangeController(Controller):
    """What changed, of every kind of row: for copies that are to be kept up to date."""

    path = "/changes"
    tags = ("Changes",)
    dependencies = {"feed": Provide(provide_feed, sync_to_thread=False)}  # noqa: RUF012 (Litestar's own)

    @get(operation_id="listChanges", opt={"query": ChangeQuery, "gone": True, "tagged": False})
    async def list_changes(
        self,
        request: Request[str, float, State],
        feed: NamedDependency[Feed],
        asked: NamedDependency[ChangeQuery],
        token_ends_at: NamedDependency[float],
    ) -> Response[ChangePage]:
        """What changed after `since`, in the order of the changes, the trash included."""
        cursor = parse_feed_cursor(asked.since)
        seconds = min(asked.wait, token_ends_at - time())
        feed = feed.of(asked.types)
        stretch = await rules.read_or_wait(feed, cursor, asked.limit, seconds, request.receive)
        return json_answer(stretch.body)

    @get(
        "/stream",
        operation_id="streamChanges",
        media_type=EVENT_STREAM,
        opt={"query": StreamQuery, "gone": True, "tagged": False, "events": True},
    )
    async def stream_changes(
        self,
        request: Request[str, float, State],
        feed: NamedDependency[Feed],
        asked: NamedDependency[StreamQuery],
        token_ends_at: NamedDependency[float],
    ) -> EventStream:
        """What changed after `since`, and what changes from now on, as server-sent events."""
        cursor = parse_feed_cursor(request.headers.get("last-event-id") or asked.since)
        feed = feed.of(asked.types)
        first = await rules.begin(feed, cursor)
        return EventStream(rules.follow(feed, first, token_ends_at - time(), request.receive))
