"""The tables, in Markdown, so that they stand in a README as they are."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from bench.bars import Bar
from bench.growth import Growth
from bench.measures import Cell
from bench.steadiness import Memory
from bench.works import WORKS

HEADER: Final = (
    *("work", "contender", "req/s", "to wire", "p50 ms", "p99 ms"),
    *("CPU µs", "to wire", "backend µs", "memory MiB", "to wire"),
)
NOT_TOLD: Final = "n/a"


def works_tables(cells: Sequence[Cell]) -> list[str]:
    """A table for each engine and number of connections."""
    lines = []
    ordered = sorted(cells, key=lambda cell: (cell.engine, cell.connections))  # stable: works stay in order
    for (engine, connections), found in groupby(ordered, key=lambda cell: (cell.engine, cell.connections)):
        rows = list(found)
        lines += ["", f"### {engine}, {connections} at once", ""]
        lines += _table(HEADER, [_cells_of(cell, _reference(cell, rows)) for cell in rows])
    return lines


def growth_tables(growth: Sequence[Growth]) -> list[str]:
    """Requests a second by work and number of rows."""
    lines = []
    for engine, found in groupby(growth, key=lambda each: each.cell.engine):
        rates = {(each.cell.work, each.rows): each.cell for each in found}
        sizes = sorted({rows for _, rows in rates})
        works = dict.fromkeys(work for work, _ in rates)
        lines += ["", f"### {engine}: Daybook as it grows, req/s (p50 ms)", ""]
        lines += _table(
            ("work", *(f"{rows:,} rows" for rows in sizes)),
            [
                (work, *(f"{rates[work, rows].rate:,.0f} ({rates[work, rows].p50_ms:.1f})" for rows in sizes))
                for work in works
            ],
        )
    return lines


def memory_lines(memory: Sequence[Memory]) -> list[str]:
    """What Daybook holds."""
    if not memory:
        return []
    rows = [(each.engine, f"{each.requests:,}", _number(each.memory_mib)) for each in memory]
    return ["", "### Memory of Daybook", "", *_table(("engine", "after requests", "MiB"), rows)]


def workers_lines(cells: Sequence[Cell]) -> list[str]:
    """What more workers bring."""
    if not cells:
        return []
    rows = [(cell.engine, cell.work, cell.contender, f"{cell.rate:,.0f}") for cell in cells]
    header = ("engine", "work", "workers", "req/s")
    return ["", f"### Workers, {cells[0].connections} at once", "", *_table(header, rows)]


def bars_lines(bars: Sequence[Bar]) -> list[str]:
    """The bars, met or not."""
    if not bars:
        return []
    rows = [
        (
            *(bar.engine, bar.what, f"{'≤' if bar.is_most else '≥'} {bar.goal:g}", f"{bar.measured:.2f}"),
            "met" if bar.is_met else "not met",
        )
        for bar in bars
    ]
    return ["", "### The bars", "", *_table(("engine", "what", "goal", "measured", ""), rows)]


def _reference(cell: Cell, cells: Iterable[Cell]) -> Cell | None:
    return next((each for each in cells if (each.work, each.contender) == (cell.work, "wire")), None)


def _cells_of(cell: Cell, wire: Cell | None) -> tuple[str, ...]:
    to_wire = [
        _ratio(getattr(cell, name), getattr(wire, name, None)) for name in ("rate", "cpu_us", "memory_mib")
    ]
    return (
        *(WORKS[cell.work].title, cell.contender, f"{cell.rate:,.0f}", to_wire[0]),
        *(f"{cell.p50_ms:.2f}", f"{cell.p99_ms:.2f}"),
        *(_number(cell.cpu_us), to_wire[1], _number(cell.backend_us), _number(cell.memory_mib), to_wire[2]),
    )


def _number(value: float | None) -> str:
    return NOT_TOLD if value is None else f"{value:,.0f}"


def _ratio(value: float | None, reference: float | None) -> str:
    return f"{value / reference:.2f}" if value is not None and reference else NOT_TOLD


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    table = [header, *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(header))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in table]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]
