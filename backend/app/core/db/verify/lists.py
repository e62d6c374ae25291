"""The plans of the lists that the service reads: each finds its rows by an index, for one person."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import JSON, Boolean, Connection, Date, Executable, Integer, MetaData, Select, inspect, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.db.verify.report import Check, failed, passed
from app.models.types import Id

REINDEX: Final = (
    "see whether the indexes are as the models have them; then run ANALYZE, and where an index is"
    " invalid, REINDEX"
)
NAMED: Final = 5
PLAIN: Final = (
    # A small table is read as a whole, and sorted, whatever its indexes: the planner is told to leave that.
    *("SET LOCAL enable_seqscan = off", "SET LOCAL enable_bitmapscan = off", "SET LOCAL enable_sort = off"),
)
_STEP: Final = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING [^(]*\((\w+)=\?)?")
_SAMPLE_ID: Final = UUID("019b7600-0000-7000-8000-000000000001")


class ListPlan(NamedTuple):
    """A statement of a list as the service runs it. `in_order`: an index has the rows in its order.

    `parameters` are those whose value is known; for the others one of their type will do.
    """

    resource: str
    name: str
    statement: Select[Any]
    parameters: Mapping[str, object]
    in_order: bool


class _Explain(Executable, ClauseElement):
    """What the engine would do for a statement; nothing is read."""

    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explain, "postgresql")
def _on_postgres(element: _Explain, compiler: SQLCompiler, **kw: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **kw)}"


@compiles(_Explain, "sqlite")
def _on_sqlite(element: _Explain, compiler: SQLCompiler, **kw: Any) -> str:
    return f"EXPLAIN QUERY PLAN {compiler.process(element.statement, **kw)}"


class Plan(NamedTuple):
    """What a plan does: the tables that it reads for more than one person, and whether it sorts."""

    for_everybody: tuple[str, ...]
    sorts: bool


def list_checks(metadata: MetaData, lists: Iterable[ListPlan], connection: Connection) -> Iterator[Check]:
    """A check for each resource: every list of its is found by an index, in order where one has the order."""
    counts: Counter[str] = Counter()
    faults: dict[str, list[str]] = {}
    read = _reader(metadata, connection)
    for each in lists:
        plan = read(each)
        counts[each.resource] += 1
        if plan.for_everybody:
            faults.setdefault(each.resource, []).append(
                f"{each.name} reads {', '.join(plan.for_everybody)} of everybody"
            )
        elif each.in_order and plan.sorts:
            faults.setdefault(each.resource, []).append(f"{each.name} sorts what an index should have sorted")
    for resource, count in counts.items():
        name, found = f"lists of {resource}", faults.get(resource, [])
        if found:
            more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
            yield failed(name, "; ".join(found[:NAMED]) + more, REINDEX)
        else:
            yield passed(name, f"{count} statements, each served by an index")


def _reader(metadata: MetaData, connection: Connection) -> Any:
    """Reads plans, in the words of the connection's engine."""
    tables = frozenset(metadata.tables)
    if connection.dialect.name == "sqlite":
        return lambda each: _plan_on_sqlite(connection, tables, each)
    for statement in PLAIN:
        connection.execute(text(statement))
    first = _first_columns(connection, tables)
    return lambda each: _plan_on_postgres(connection, tables, first, each)


def _plan_on_sqlite(connection: Connection, tables: frozenset[str], each: ListPlan) -> Plan:
    details = [row[3] for row in _explained(connection, each)]
    steps = [match for match in map(_STEP.match, details) if match and match[2] in tables]
    bad = sorted({match[2] for match in steps if match[1] == "SCAN" or match[3] != "user_id"})
    return Plan(tuple(bad), any("TEMP B-TREE FOR ORDER BY" in detail for detail in details))


def _plan_on_postgres(
    connection: Connection, tables: frozenset[str], first: Mapping[str, str], each: ListPlan
) -> Plan:
    [[found]] = _explained(connection, each)
    nodes = list(_nodes(json.loads(found) if isinstance(found, str) else found))
    bad = {node["Relation Name"] for node in nodes if node.get("Relation Name") in tables}
    for node in nodes:
        index = node.get("Index Name")
        if index and first.get(index) == "user_id" and "user_id" in node.get("Index Cond", ""):
            bad.discard(node.get("Relation Name"))
    return Plan(tuple(sorted(bad)), any("Sort" in node["Node Type"] for node in nodes))


def _explained(connection: Connection, each: ListPlan) -> list[Any]:
    binds = each.statement.compile(dialect=connection.dialect).binds
    samples = {name: _sample_of(bind.type) for name, bind in binds.items() if bind.required}
    result = connection.execute(_Explain(each.statement), {**samples, **each.parameters})
    # As the driver has them: SQLAlchemy takes them for the statement's own columns.
    return list(result.cursor.fetchall())


def _sample_of(type_: Any) -> object:
    """A value of a type, where any will do: the statement is planned and not run."""
    samples: tuple[tuple[type[Any], object], ...] = (
        (Id, _SAMPLE_ID),
        (UTCDateTime, datetime(2026, 5, 1, tzinfo=UTC)),
        (Date, date(2026, 5, 1)),
        (JSON, [str(_SAMPLE_ID)]),
        (Boolean, True),
        (Integer, 1),
    )
    return next((sample for kind, sample in samples if isinstance(type_, kind)), "a")


def _first_columns(connection: Connection, tables: Iterable[str]) -> dict[str, str]:
    """The first column of each index, by the index's name."""
    inspector, found = inspect(connection), {}
    for table in tables:
        key = inspector.get_pk_constraint(table)
        found[str(key["name"])] = next(iter(key["constrained_columns"]), "")
        found |= {str(i["name"]): i["column_names"][0] or "" for i in inspector.get_indexes(table)}
    return found


def _nodes(plan: Any) -> Iterator[dict[str, Any]]:
    if isinstance(plan, list):
        for part in plan:
            yield from _nodes(part)
    elif isinstance(plan, dict):
        if "Node Type" in plan:
            yield plan
        for part in (plan.get("Plan"), plan.get("Plans")):
            yield from _nodes(part)
