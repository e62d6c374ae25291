"""The bars: what Daybook is to reach, as ratios within one run, and what it does reach."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

import msgspec

from bench.growth import Growth
from bench.measures import Cell
from bench.plan import MAIN
from bench.steadiness import Memory
from bench.works import BATCH, WORKS

AGAINST_WIRE: Final = {"list": 0.9, "get": 0.7, "create": 0.5, "patch": 0.5}
UNCHANGED: Final = 3.0
READS: Final = 4.0
WRITES: Final = 2.0
DEEP: Final = 1.2
BATCHES: Final = 10.0
MEMORY: Final = 1.1


class Bar(msgspec.Struct, frozen=True):
    """One bar. `measured` is a ratio, which must be `goal` or more, or where `is_most`, no more."""

    engine: str
    what: str
    goal: float
    measured: float
    is_most: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it is reached."""
        return self.measured <= self.goal if self.is_most else self.measured >= self.goal


def bars(cells: list[Cell], growth: list[Growth], memory: list[Memory]) -> list[Bar]:
    """Those that this run can tell of, engine by engine."""
    named = (
        [each.engine for each in cells],
        [each.cell.engine for each in growth],
        [each.engine for each in memory],
    )
    engines = dict.fromkeys(chain(*named))
    return [
        bar
        for engine in engines
        for bar in (
            *_of_works(engine, _rates(engine, cells)),
            *_of_growth(engine, [each for each in growth if each.cell.engine == engine]),
            *_of_memory(engine, [each for each in memory if each.engine == engine]),
        )
    ]


def _rates(engine: str, cells: list[Cell]) -> dict[tuple[str, str], float]:
    """Requests a second at the main number of connections, by work and contender."""
    return {
        (cell.work, cell.contender): cell.rate
        for cell in cells
        if (cell.engine, cell.connections) == (engine, MAIN)
    }


def _of_works(engine: str, rates: dict[tuple[str, str], float]) -> Iterator[Bar]:
    ours = {work: rate for (work, contender), rate in rates.items() if contender == "daybook"}
    for work, goal in AGAINST_WIRE.items():
        reference = "wire-rows" if work == "list" else "wire"
        if work in ours and (work, reference) in rates:
            title = f"{WORKS[work].title} against {reference}"
            yield Bar(engine, title, goal, ours[work] / rates[work, reference])
    if {"list", "unchanged"} <= ours.keys():
        yield Bar(engine, "unchanged list against a full one", UNCHANGED, ours["unchanged"] / ours["list"])
    for work, rate in ours.items():
        if (work, "fastapi") in rates:
            goal = WRITES if WORKS[work].is_write else READS
            yield Bar(engine, f"{WORKS[work].title} against fastapi", goal, rate / rates[work, "fastapi"])
    if {"batch", "create"} <= ours.keys():
        ratio = BATCH * ours["batch"] / ours["create"]
        yield Bar(engine, f"batch of {BATCH} against {BATCH} creates", BATCHES, ratio)


def _of_growth(engine: str, growth: list[Growth]) -> Iterator[Bar]:
    rates = {(each.cell.work, each.rows): each.cell.rate for each in growth}
    if rates:
        least, most = min(each.rows for each in growth), max(each.rows for each in growth)
        what = f"time of a deep page at {most:,} rows against the first at {least:,}"
        yield Bar(engine, what, DEEP, rates["list", least] / rates["deep", most], is_most=True)


def _of_memory(engine: str, memory: list[Memory]) -> Iterator[Bar]:
    match memory:
        case [Memory(memory_mib=float(before)) as few, Memory(memory_mib=float(after)) as many]:
            what = f"memory after {many.requests:,} requests against after {few.requests:,}"
            yield Bar(engine, what, MEMORY, after / before, is_most=True)
