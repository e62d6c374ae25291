"""What a run measures, and for how long."""

import argparse
from dataclasses import dataclass
from typing import Final, get_args

from app.core.config import PROJECT_ROOT
from app.core.db.url import DatabaseUrlError, parse_database_url
from bench.data import Shape
from bench.measures import Pace
from bench.servers import MODULES
from bench.stores import EngineName
from bench.works import WORKS

MAIN: Final = 16
"""The number of connections that the bars are about."""


@dataclass(frozen=True)
class Plan:
    """A run. `growth` are the numbers of rows, `memory` how many requests before memory is looked at."""

    engines: tuple[EngineName, ...]
    works: tuple[str, ...]
    connections: tuple[int, ...]
    contenders: tuple[str, ...]
    database_url: str | None
    shape: Shape
    pace: Pace
    side_pace: Pace
    growth: tuple[int, ...]
    memory: tuple[int, int]
    workers: tuple[int, ...] = (1, 2)

    def pace_at(self, connections: int) -> Pace:
        """Longest where the bars are."""
        return self.pace if connections == MAIN else self.side_pace


FULL: Final = {
    "connections": (1, MAIN, 64),
    "shape": Shape(users=1000, tasks=1000, trackers=4, entries=10_000),
    "pace": Pace(rounds=5, seconds=0.3, enough=3),
    "side_pace": Pace(rounds=3, seconds=0.2, enough=2),
    "growth": (10_000, 100_000, 1_000_000),
    "memory": (1000, 100_000),
}
QUICK: Final = {
    "connections": (MAIN,),
    "shape": Shape(users=200, tasks=500, trackers=2, entries=10_000),
    "pace": Pace(rounds=3, seconds=0.25, enough=1),
    "growth": (10_000, 100_000),
    "memory": (1000, 3000),
}
TINY: Final = QUICK | {
    "connections": (1,),
    "shape": Shape(users=5, tasks=60, trackers=1, entries=200),
    "pace": Pace(rounds=1, seconds=0.05, enough=0.1),
    "growth": (1000,),
    "memory": (10, 50),
    "workers": (2,),
}
"""For the suite: whether it works, not what it measures."""
LARGE: Final = 10_000_000
SIZES: Final = {"full": FULL, "quick": QUICK, "tiny": TINY}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument(
        "--quick", action="store_true", help="in two or three minutes, with less of everything"
    )
    parser.add_argument("--large", action="store_true", help="growth up to 10,000,000 rows")
    parser.add_argument("--engines", type=_names(get_args(EngineName)), help="sqlite,postgres")
    parser.add_argument("--works", type=_names(WORKS), help=",".join(WORKS))
    parser.add_argument("--contenders", type=_names(MODULES), help=",".join(MODULES))
    parser.add_argument("--connections", type=_counts, help="how many at once, such as 1,16,64")
    parser.add_argument(
        "--only-works", action="store_true", help="neither growth, nor memory, nor several workers"
    )
    parser.add_argument("--database-url", type=_server, help="a Postgres where databases may be made")


def plan_of(given: argparse.Namespace, size: str | None = None) -> Plan:
    """The run that the arguments ask for."""
    chosen = dict(SIZES[size or ("quick" if given.quick else "full")])
    chosen.setdefault("side_pace", chosen["pace"])
    if given.only_works:
        chosen |= {"growth": (), "memory": (0, 0), "workers": ()}
    if given.large:
        chosen["growth"] = (*FULL["growth"], LARGE)  # type: ignore[misc] # numbers
    if given.connections:
        chosen["connections"] = given.connections
    return Plan(
        engines=given.engines or get_args(EngineName),
        works=_in_order(given.works, tuple(WORKS)),
        contenders=_in_order(given.contenders, tuple(MODULES)),
        database_url=given.database_url,
        **chosen,  # type: ignore[arg-type] # as in the class
    )


def _in_order(chosen: tuple[str, ...] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    return known if chosen is None else tuple(name for name in known if name in chosen)


class _names:  # noqa: N801 (a type, to argparse)
    """Some of these names, with commas between."""

    def __init__(self, known: object) -> None:
        self._known = tuple(known)  # type: ignore[arg-type,var-annotated] # names

    def __call__(self, text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
        if unknown := [name for name in names if name not in self._known]:
            raise argparse.ArgumentTypeError(
                f"no such thing as {unknown[0]!r}; expected some of {', '.join(self._known)}"
            )
        return names


def _counts(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if all(part.isdecimal() and 1 <= int(part) <= 1000 for part in parts):
        return tuple(sorted({int(part) for part in parts}))
    raise argparse.ArgumentTypeError("expected numbers from 1 to 1000 with commas between")


def _server(text: str) -> str:
    try:
        url = parse_database_url(text, root=PROJECT_ROOT)
    except DatabaseUrlError as error:
        raise argparse.ArgumentTypeError(f"the URL {error}") from None
    if url.dialect != "postgresql":
        raise argparse.ArgumentTypeError("expected a Postgres; SQLite needs no server")
    if not text.startswith(("postgresql://", "postgres://")):
        raise argparse.ArgumentTypeError("expected postgresql:// before the host, without a driver's name")
    return text
