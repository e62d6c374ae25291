"""Measure Daybook beside its peers and the least that the work can cost: `make bench ARGS=--quick`.

Exit 0: measured, whether or not the bars are met. 1: something failed, such as bodies that differ. 2: could
not begin.
"""

import platform
import signal
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import _command
from _command import Told
from app.core.operating import Progress
from bench.bars import bars
from bench.cpu import PROC
from bench.data import user_of
from bench.equality import ask, refuse_unequal, refuse_unequal_rows
from bench.generator import Generator, generating
from bench.growth import Growth, grow
from bench.measures import Cell, Entrant, cells_of, failures_of, measure
from bench.plan import MAIN, Plan, add_arguments, plan_of
from bench.servers import Server, serving_all
from bench.steadiness import Memory, remember, share
from bench.stores import Store, opened
from bench.table import bars_lines, growth_tables, memory_lines, workers_lines, works_tables
from bench.works import TASKS, WORKS, Asking, Work, request_of

PACKAGES: Final = (
    *("litestar", "sqlmodel", "sqlalchemy", "asyncpg", "aiosqlite", "uvicorn", "uvloop", "httptools"),
    *("msgspec", "fastapi", "psycopg", "pyjwt"),
)


@dataclass
class Found:
    """All that a run finds."""

    engines: dict[str, dict[str, str]] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    growth: list[Growth] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    workers: list[Cell] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def main(arguments: list[str] | None = None, size: str | None = None) -> int:
    """Print the tables, or all as JSON. `size` is for the suite."""
    parser = _command.command("Measure Daybook beside its peers and the least that the work can cost.")
    add_arguments(parser)
    given = parser.parse_args(arguments)
    plan = plan_of(given, size)
    return _command.run(lambda: _bench(plan), as_json=given.json)


async def _bench(plan: Plan) -> Told:
    found, began = Found(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="daybook-bench-") as folder:
        async with generating() as generator:
            for name in plan.engines:
                async with opened(name, Path(folder), plan.database_url) as store:
                    await _engine(plan, generator, store, found, _command.progress)
    return _told(found, time.monotonic() - began)


async def _engine(plan: Plan, generator: Generator, store: Store, found: Found, progress: Progress) -> None:
    found.engines[store.name] = await store.described()
    progress(f"{store.name}: loading {plan.shape.users * plan.shape.tasks:,} tasks")
    async with store.loaded(plan.shape) as template:
        await _works(plan, generator, store, template, found, progress)
        if plan.memory[1]:
            progress(f"{store.name}: memory, {plan.memory[1]:,} requests")
            found.memory += await remember(generator, store, template, plan.shape, plan.memory, MAIN)
        if plan.workers:
            progress(f"{store.name}: workers")
            found.workers += await share(generator, store, template, plan.shape, plan.workers, plan.pace)
    if plan.growth:
        found.growth += await grow(generator, store, plan.growth, MAIN, plan.pace, progress)


async def _works(
    plan: Plan, generator: Generator, store: Store, template: str, found: Found, progress: Progress
) -> None:
    """All works, reads first, at all numbers of connections."""
    async with AsyncExitStack() as stack:
        copies = [await stack.enter_async_context(store.copied(template)) for _ in plan.contenders]
        urls = dict(zip(plan.contenders, copies, strict=True))
        servers = await stack.enter_async_context(serving_all(urls))
        works = [WORKS[name] for name in plan.works]
        _compare(works, servers, Asking(plan.shape))
        for work in works:
            for connections in plan.connections:
                progress(f"{store.name}: {work.title}, {connections} at once")
                entrants = _entrants(work, servers, Asking(plan.shape, seed=connections))
                await measure(generator, store, entrants, connections, plan.pace_at(connections))
                found.cells += cells_of(entrants, store, work.name, connections)
                found.failures += failures_of(entrants, store, connections)


def _compare(works: list[Work], servers: list[Server], asking: Asking) -> None:
    for work in works:
        refuse_unequal(work, servers, asking)
    for server in servers:
        if server.name == "wire":
            refuse_unequal_rows(server, asking)


def _entrants(work: Work, servers: list[Server], asking: Asking) -> list[Entrant]:
    """The contenders, each with the same requests; wire with both of its ways to a list."""
    entrants = []
    for server in servers:
        tags = _tags(server, asking) if work.status == 304 else None
        requests = work.requests(Asking(asking.shape, asking.seed, tags))
        status = 200 if tags == {} else work.status
        entrants.append(Entrant(server.name, server, requests, frozenset({status})))
        if work.name == "list" and server.name == "wire":
            rows = [request.replace(b"GET ", b"GET /rows", 1) for request in requests]
            entrants.append(Entrant("wire-rows", server, rows, frozenset({200})))
    return entrants


def _tags(server: Server, asking: Asking) -> dict[str, str]:
    """The tags of the lists as they are; none from those who have none to give."""
    tags = {}
    for user in asking.active:
        tag = ask(server, request_of(user, "GET", TASKS)).tag
        if tag is None:
            return {}
        tags[user_of(user)] = tag
    return tags


def _told(found: Found, seconds: float) -> Told:
    reached = bars(found.cells, found.growth, found.memory)
    machine = _machine()
    fields: dict[str, Any] = {
        "machine": machine,
        "engines": found.engines,
        "seconds": round(seconds, 1),
        "works": found.cells,
        "growth": found.growth,
        "memory": found.memory,
        "workers": found.workers,
        "bars": [
            {
                "engine": bar.engine,
                "what": bar.what,
                "goal": bar.goal,
                "measured": bar.measured,
                "met": bar.is_met,
            }
            for bar in reached
        ],
    }
    lines = [
        *(f"{name}: {words}" for name, words in machine.items()),
        *(
            f"{name}: {', '.join(f'{k} {v}' for k, v in words.items())}"
            for name, words in found.engines.items()
        ),
        f"{seconds:.0f} s in all",
        *works_tables(found.cells),
        *growth_tables(found.growth),
        *memory_lines(found.memory),
        *workers_lines(found.workers),
        *bars_lines(reached),
    ]
    return Told(fields, lines, "failed: " + "; ".join(found.failures) if found.failures else None)


def _machine() -> dict[str, str]:
    """What it ran on."""
    info = PROC / "cpuinfo"
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return {
        "machine": f"{len(models)} × {models[0]}" if models else platform.processor() or platform.machine(),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


if __name__ == "__main__":
    # Told to end, it stops what it started, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
