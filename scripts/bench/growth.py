"""How cost grows with the rows: the same works on databases of different sizes, in turn."""

from base64 import urlsafe_b64decode
from contextlib import AsyncExitStack
from typing import Final

import msgspec

from app.core.operating import FailedError, Progress
from app.core.rows.cursors import encode_cursor
from bench.data import Shape, task_id, user_of
from bench.equality import ask
from bench.generator import Generator
from bench.measures import Cell, Entrant, Pace, cells_of, failures_of, measure
from bench.servers import Server, serving
from bench.stores import Store
from bench.works import PAGE, TASKS, WORKS, Asking, request_of

USERS: Final = 10
"""Who share the rows, so that lists grow with the tables."""


class Growth(msgspec.Struct, frozen=True):
    """One work of Daybook's on so many rows."""

    rows: int
    cell: Cell


async def grow(
    generator: Generator,
    store: Store,
    sizes: tuple[int, ...],
    connections: int,
    pace: Pace,
    progress: Progress,
) -> list[Growth]:
    """Measure Daybook's default list, a deep page, changes and create at these sizes."""
    found = []
    async with AsyncExitStack() as stack:
        servers = []
        for rows in sizes:
            progress(f"{store.name}: loading {rows:,} rows")
            # Nobody else writes there, so the template itself is served.
            template = await stack.enter_async_context(store.loaded(_shape(rows)))
            url = await stack.enter_async_context(store.copied(template))
            servers.append((rows, await stack.enter_async_context(serving("daybook", url))))
        for work in ("list", "deep", "changes", "create"):
            progress(f"{store.name}: growth, {work}")
            entrants = [_entrant(work, rows, server) for rows, server in servers]
            await measure(generator, store, entrants, connections, pace)
            if failures := failures_of(entrants, store, connections):
                raise FailedError("; ".join(failures))
            cells = cells_of(entrants, store, work, connections)
            found += [Growth(rows, cell) for (rows, _), cell in zip(servers, cells, strict=True)]
    return found


def _shape(rows: int) -> Shape:
    return Shape(users=USERS, tasks=rows // USERS)


def _entrant(work: str, rows: int, server: Server) -> Entrant:
    asking = Asking(_shape(rows), seed=rows)
    if work == "deep":
        requests = [_deep(server, user) for user in asking.active]
        return Entrant("daybook", server, requests, frozenset({200}))
    chosen = WORKS[work]
    return Entrant("daybook", server, chosen.requests(asking), frozenset({chosen.status}))


def _deep(server: Server, user: int) -> bytes:
    """The last whole page: the cursor of the first, with the id moved down."""
    first = msgspec.json.decode(ask(server, request_of(user, "GET", TASKS)).body)["next_cursor"]
    question = msgspec.json.decode(urlsafe_b64decode(first + "=" * (-len(first) % 4)))[0]
    cursor = encode_cursor(question, [task_id(user, PAGE + 10)])
    request = request_of(user, "GET", f"{TASKS}?cursor={cursor}")
    answer = msgspec.json.decode(ask(server, request).body)
    if [item["id"] for item in answer["items"][:1]] != [str(task_id(user, PAGE + 9))]:
        raise FailedError(f"{user_of(user)}'s deep page begins elsewhere")
    return request
