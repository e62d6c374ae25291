"""Memory after few and after many requests, and what a second worker brings."""

from itertools import chain
from typing import Final

import msgspec

from app.core.config import Settings
from app.core.operating import FailedError
from bench.cpu import memory_bytes, tree_of
from bench.data import Shape
from bench.equality import ask
from bench.generator import Generator
from bench.load import Job
from bench.measures import MEGABYTE, Cell, Entrant, Pace, cell_of, measure
from bench.servers import serving
from bench.stores import Store
from bench.works import TASKS, WORKS, Asking, request_of

SECONDS_MAX: Final = 150
"""What it takes at most to get to a count: what was asked by then is told."""
MIXED: Final = ("list", "unchanged", "get", "changes", "create", "patch")


class Memory(msgspec.Struct, frozen=True):
    """What Daybook holds, in MiB, after so many mixed requests; None where nobody can tell."""

    engine: str
    requests: int
    memory_mib: float | None


async def remember(
    generator: Generator, store: Store, template: str, shape: Shape, counts: tuple[int, int], connections: int
) -> list[Memory]:
    """Ask a fresh Daybook so often, and look at its memory at both counts."""
    found, asked = [], 0
    pools = [WORKS[name].requests(Asking(shape, seed=place)) for place, name in enumerate(MIXED)]
    requests = list(chain.from_iterable(zip(*pools, strict=True)))
    statuses = frozenset({200, 201, 304})
    async with store.copied(template) as url, serving("daybook", url) as server:
        for count in counts:
            more = count - asked
            job = Job(server.port, connections, requests, statuses, seconds=SECONDS_MAX, count=more)
            outcome = await generator.drive(job)
            if outcome.wrong:
                raise FailedError(f"daybook answers {outcome.wrong} to mixed requests")
            asked += outcome.requests
            held = memory_bytes(tree_of(server.pid))
            found.append(Memory(store.name, asked, None if held is None else held / MEGABYTE))
    return found


async def share(
    generator: Generator, store: Store, template: str, shape: Shape, counts: tuple[int, ...], pace: Pace
) -> list[Cell]:
    """The list and create by so many of Daybook's workers; nothing where it has no such setting."""
    if "workers" not in Settings.model_fields:
        return []
    cells = []
    for count in counts:
        async with store.copied(template) as url, serving("daybook", url, WORKERS=str(count)) as server:
            ask(server, request_of(0, "GET", TASKS))
            for name in ("list", "create"):
                work = WORKS[name]
                requests = work.requests(Asking(shape))
                entrant = Entrant(f"daybook, {count}", server, requests, frozenset({work.status}))
                await measure(generator, store, [entrant], 64, pace)
                if entrant.failure:
                    raise FailedError(entrant.failure)
                cells.append(cell_of(entrant, store, name, 64))
    return cells
