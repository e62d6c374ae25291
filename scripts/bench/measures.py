"""Measuring: short slices of load, contender after contender, so that noise hits all alike."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import msgspec

from app.core.operating import FailedError
from bench.cpu import cpu_used, memory_bytes, tree_of, used_between
from bench.generator import Generator
from bench.load import Job, Outcome
from bench.servers import Server
from bench.stores import Store

MICROSECONDS: Final = 1_000_000
MEGABYTE: Final = 1 << 20
WARMING: Final = 4
"""Connections that a warm-up begins with: it ends only when each has its answer."""


class Cell(msgspec.Struct, frozen=True):
    """One work of one contender's: medians over the rounds. CPU in microseconds a request, memory in MiB.

    None where nobody can tell. `fastapi` and the like are the contender's name; wire has two ways to a
    list, of which `wire-rows` puts columns into structs.
    """

    engine: str
    work: str
    connections: int
    contender: str
    requests: int
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None
    backend_us: float | None
    memory_mib: float | None


@dataclass
class Entrant:
    """Who is measured with which requests, and what came of it so far."""

    name: str
    server: Server
    requests: list[bytes]
    statuses: frozenset[int]
    outcomes: list[Outcome] = field(default_factory=list)
    cpu: float | None = 0.0
    backend: float | None = 0.0
    failure: str | None = None

    @property
    def seconds(self) -> float:
        """How long it was under load."""
        return sum(outcome.seconds for outcome in self.outcomes)


@dataclass(frozen=True)
class Pace:
    """How often, how long (seconds), and when a slow one has been asked enough (seconds in all)."""

    rounds: int
    seconds: float
    enough: float


async def measure(
    generator: Generator, store: Store, entrants: Sequence[Entrant], connections: int, pace: Pace
) -> None:
    """Fill the entrants' outcomes: a short warm-up, then rounds, each beginning with another one.

    Who fails is asked no more, and has the failure instead: the others are worth their numbers.
    """
    for entrant in entrants:
        with _kept(entrant):
            await _warm(generator, entrant, connections, pace.seconds)
    for number in range(pace.rounds):
        turn = number % len(entrants)
        for entrant in (*entrants[turn:], *entrants[:turn]):
            if entrant.failure is None and entrant.seconds < pace.enough:
                with _kept(entrant):
                    await _counted(generator, store, entrant, connections, pace.seconds)


async def _warm(generator: Generator, entrant: Entrant, connections: int, seconds: float) -> None:
    """Has pools filled, statements prepared and tokens remembered, so that what is measured holds still.

    For that all connections ask for a slice. Work that takes long is asked by few, once.
    """
    first = await _slice(generator, entrant, min(connections, WARMING), seconds / 4)
    if first.seconds < seconds:
        await _slice(generator, entrant, connections, seconds)


def cells_of(entrants: Sequence[Entrant], store: Store, work: str, connections: int) -> list[Cell]:
    """The cells of those who did not fail."""
    sound = (entrant for entrant in entrants if entrant.failure is None)
    return [cell_of(entrant, store, work, connections) for entrant in sound]


def failures_of(entrants: Sequence[Entrant], store: Store, connections: int) -> list[str]:
    """A line for each who failed."""
    return [f"{store.name}, {connections} at once: {each.failure}" for each in entrants if each.failure]


def cell_of(entrant: Entrant, store: Store, work: str, connections: int) -> Cell:
    """What the rounds amount to."""
    requests = sum(outcome.requests for outcome in entrant.outcomes)
    memory = memory_bytes(tree_of(entrant.server.pid))
    return Cell(
        engine=store.name,
        work=work,
        connections=connections,
        contender=entrant.name,
        requests=requests,
        rate=median(outcome.requests / outcome.seconds for outcome in entrant.outcomes),
        p50_ms=median(outcome.p50 for outcome in entrant.outcomes),
        p99_ms=median(outcome.p99 for outcome in entrant.outcomes),
        cpu_us=None if entrant.cpu is None else entrant.cpu / requests * MICROSECONDS,
        backend_us=None if entrant.backend is None else entrant.backend / requests * MICROSECONDS,
        memory_mib=None if memory is None else memory / MEGABYTE,
    )


@contextmanager
def _kept(entrant: Entrant) -> Iterator[None]:
    try:
        yield
    except FailedError as error:
        entrant.failure = str(error)


async def _counted(
    generator: Generator, store: Store, entrant: Entrant, connections: int, seconds: float
) -> None:
    before = cpu_used(tree_of(entrant.server.pid)), await store.cpu_used(entrant.server.url)
    entrant.outcomes.append(await _slice(generator, entrant, connections, seconds))
    after = cpu_used(tree_of(entrant.server.pid)), await store.cpu_used(entrant.server.url)
    own, backend = map(used_between, before, after)
    entrant.cpu = _sum(entrant.cpu, own)
    entrant.backend = _sum(entrant.backend, backend)


def _sum(so_far: float | None, more: float | None) -> float | None:
    return None if so_far is None or more is None else so_far + more


async def _slice(generator: Generator, entrant: Entrant, connections: int, seconds: float) -> Outcome:
    """Raises FailedError where an answer was not what it should be: no slice with those counts."""
    job = Job(entrant.server.port, connections, entrant.requests, entrant.statuses, seconds=seconds)
    outcome = await generator.drive(job)
    if outcome.wrong or not outcome.requests:
        raise FailedError(f"{entrant.name} answers {_words(outcome)} to {_line(entrant.requests[0])}")
    return outcome


def _words(outcome: Outcome) -> str:
    return ", ".join(str(status or "not at all") for status in outcome.wrong) or "nothing in time"


def _line(request: bytes) -> str:
    return request.split(b" HTTP", 1)[0].decode()
