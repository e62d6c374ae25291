"""`python -m bench`, a tiny slice of it: that it works from end to end, not what it measures."""

import json
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.core.config import Settings
from app.core.operating import FailedError
from bench.__main__ import main
from bench.bars import bars
from bench.cpu import IS_TOLD
from bench.data import Shape
from bench.equality import refuse_unequal
from bench.generator import generating
from bench.growth import Growth
from bench.load import outcome_of
from bench.measures import Cell, Entrant, Pace, cells_of, failures_of, measure
from bench.plan import Plan, add_arguments, plan_of
from bench.servers import MODULES, Server, serving
from bench.steadiness import Memory
from bench.stores import Sqlite
from bench.table import bars_lines, growth_tables, memory_lines, workers_lines, works_tables
from bench.works import WORKS, Asking

SMALL = Shape(users=3, tasks=60)
NUMBERS = ("requests", "rate", "p50_ms", "p99_ms")


def cell(work: str, contender: str, rate: float, **more: Any) -> Cell:
    told = {"cpu_us": 100.0, "backend_us": None, "memory_mib": 50.0, "requests": 7, "connections": 16} | more
    return Cell(engine="sqlite", work=work, contender=contender, rate=rate, p50_ms=1.5, p99_ms=9.0, **told)


def parts_of(line: str) -> list[str]:
    return [part.strip() for part in line.split("|")[1:-1]]


def plan(*arguments: str) -> Plan:
    parser = ArgumentParser()
    add_arguments(parser)
    return plan_of(parser.parse_args(arguments))


def test_every_work_of_every_contender_is_compared_and_measured(
    engine_name: str, postgres_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--json", "--engines", engine_name, "--database-url", postgres_server]
    assert main(arguments, size="tiny") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["error"]) == (True, None)
    measured = [(each["work"], each["contender"]) for each in told["works"]]
    assert set(measured) == {(work, name) for work in WORKS for name in MODULES} | {("list", "wire-rows")}
    assert len(measured) == len(set(measured))
    assert all(each[name] > 0 for each in told["works"] for name in NUMBERS)
    assert all((each["cpu_us"] is None) != IS_TOLD for each in told["works"])
    assert all((each["memory_mib"] is None) != IS_TOLD for each in told["works"])
    assert {each["cell"]["work"] for each in told["growth"]} == {"list", "deep", "changes", "create"}
    assert [each["requests"] for each in told["memory"]] == [10, 50]
    assert len(told["workers"]) == 2 * ("workers" in Settings.model_fields)  # list and create
    assert told["engines"].keys() == {engine_name}
    assert "httptools" in told["machine"]["packages"]


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Server]:
    """The reference, on a few rows."""
    store = Sqlite(tmp_path)
    async with store.loaded(SMALL) as template, store.copied(template) as url, serving("wire", url) as server:
        yield server


async def test_who_answers_otherwise_is_named(wire: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_unequal(WORKS["list"], [wire, wire], Asking(SMALL))
    answers = iter([{"items": []}, {"items": [{"id": 1}]}])
    monkeypatch.setattr("bench.equality.said", lambda *_: next(answers))
    with pytest.raises(FailedError, match="list: wire answers otherwise than wire"):
        refuse_unequal(WORKS["list"], [wire, wire], Asking(SMALL))


async def test_who_fails_does_not_take_the_others_along(wire: Server, tmp_path: Path) -> None:
    requests, store = WORKS["get"].requests(Asking(SMALL)), Sqlite(tmp_path)
    sound, failing = (Entrant("wire", wire, requests, frozenset({status})) for status in (200, 418))
    async with generating() as generator:
        await measure(generator, store, [failing, sound], 2, Pace(rounds=2, seconds=0.05, enough=1))
    assert [each.connections for each in cells_of([failing, sound], store, "get", 2)] == [2]
    (line,) = failures_of([failing, sound], store, 2)
    assert line.startswith("sqlite, 2 at once: wire answers 200 to GET /api/v1/tasks/")


async def test_who_does_not_start_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="daybook did not start: DATABASE_URL"):
        async with serving("daybook", "mysql://bob:hunter2@db.example.com/daybook"):
            pass


def test_the_bars_are_ratios_within_the_run() -> None:
    cells = [
        *(
            cell("list", name, rate)
            for name, rate in (("wire-rows", 1000), ("daybook", 900), ("fastapi", 300))
        ),
        *(cell("unchanged", "daybook", 3600), cell("get", "wire", 2000), cell("get", "daybook", 1000)),
        *(cell("create", "daybook", 500), cell("batch", "daybook", 40)),
        cell("list", "daybook", 1, connections=64),
    ]
    growth = [Growth(10_000, cell("list", "daybook", 120)), Growth(1_000_000, cell("deep", "daybook", 90))]
    found = bars(cells, growth, [Memory("sqlite", 1000, 100.0), Memory("sqlite", 100_000, 105.0)])
    assert [(bar.what, round(bar.measured, 3), bar.is_met) for bar in found] == [
        ("list of 50 against wire-rows", 0.9, True),
        ("get one against wire", 0.5, False),
        ("unchanged list against a full one", 4.0, True),
        ("list of 50 against fastapi", 3.0, False),
        ("batch of 100 against 100 creates", 8.0, False),
        ("time of a deep page at 1,000,000 rows against the first at 10,000", 1.333, False),
        ("memory after 100,000 requests against after 1,000", 1.05, True),
    ]
    assert bars_lines(found)[5].split("|")[3:6] == [" ≥ 0.9 ", " 0.90     ", " met     "]


def test_the_tables_have_every_field_and_say_what_nobody_can_tell() -> None:
    wire, ours = cell("get", "wire", 2000), cell("get", "daybook", 1000, cpu_us=None, backend_us=30.0)
    _, title, _, header, _, first, second = works_tables([wire, ours])
    assert title == "### sqlite, 16 at once"
    assert parts_of(header) == [
        *("work", "contender", "req/s", "to wire", "p50 ms", "p99 ms", "CPU µs", "to wire", "backend µs"),
        *("memory MiB", "to wire"),
    ]
    assert parts_of(first) == [
        *("get one", "wire", "2,000", "1.00", "1.50", "9.00", "100", "1.00", "n/a", "50", "1.00"),
    ]
    assert parts_of(second) == [
        *("get one", "daybook", "1,000", "0.50", "1.50", "9.00", "n/a", "n/a", "30", "50", "1.00"),
    ]
    assert parts_of(growth_tables([Growth(10, ours)])[-1]) == ["get", "1,000 (1.5)"]
    assert parts_of(memory_lines([Memory("sqlite", 1000, None)])[-1]) == ["sqlite", "1,000", "n/a"]
    assert parts_of(workers_lines([ours])[-1]) == ["sqlite", "get", "daybook", "1,000"]


def test_percentiles_are_by_nearest_rank() -> None:
    outcome = outcome_of([place / 1000 for place in range(1, 101)], 2.0, [])
    assert (outcome.requests, outcome.p50, outcome.p99) == (100, 51.0, 100.0)


def test_what_is_measured_can_be_chosen() -> None:
    assert plan().works == tuple(WORKS)
    assert plan("--quick").shape.users < plan().shape.users
    assert plan("--works", "patch,list").works == ("list", "patch")
    assert plan("--connections", "64,1").connections == (1, 64)
    assert plan("--large").growth[-1] == 10_000_000
    assert plan("--only-works").growth == plan("--only-works").workers == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--works", "delete"), "no such thing as 'delete'; expected some of list, unchanged, get"),
        (("--connections", "0"), "expected numbers from 1 to 1000 with commas between"),
        (("--database-url", "mysql://bob:hunter2@db/x"), "the URL names mysql"),
        (("--database-url", "sqlite:///x.db"), "expected a Postgres"),
    ],
)
def test_what_can_not_be_chosen_is_told_in_a_line(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        plan(*arguments)
    errors = capsys.readouterr().err
    assert ended.value.code == 2
    assert said in errors
    assert "hunter2" not in errors
