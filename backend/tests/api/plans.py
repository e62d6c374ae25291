"""What a database does for a statement: the steps of its plan that read a table, and what they cost."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

import asyncpg
import msgspec

PlanCacheMode = Literal["force_custom_plan", "force_generic_plan"]
STEPS_BETWEEN_COUNTS = 10
HEADS = ("change_heads",)
OTHERS = {"tasks": ("change_heads", "time_entries"), "time_entries": ("change_heads", "tasks", "idx_user_id")}
"""By table: what stands in the names of the other tables' indexes."""


@dataclass(frozen=True)
class Work:
    """The work of one statement: `indexes` that rows were found by, whether rows were sorted or all of the
    table read, and the cost: the table's rows and pages read on Postgres, steps of the machine on SQLite.
    """

    indexes: tuple[str, ...]
    sorts: bool
    reads_all: bool
    rows: int
    cost: int


def on_sqlite(path: str, statement: str, parameters: tuple[Any, ...], table: str = "tasks") -> Work:
    """What SQLite does with a table. It doesn't say how many rows it read."""
    with closing(sqlite3.connect(path)) as connection:
        details = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        counts = iter(range(1_000_000_000))
        connection.set_progress_handler(lambda: next(counts) < 0, STEPS_BETWEEN_COUNTS)
        connection.execute(statement, parameters).fetchall()
    found = [detail for detail in details if f" {table}" in detail]
    return Work(
        indexes=tuple(detail.removeprefix(f"SEARCH {table} USING INDEX ") for detail in found),
        sorts=any("TEMP B-TREE" in detail for detail in details),
        reads_all=any(detail.startswith("SCAN") for detail in found),
        rows=0,
        cost=next(counts) * STEPS_BETWEEN_COUNTS,
    )


async def on_postgres(
    url: str,
    statement: str,
    parameters: tuple[Any, ...],
    mode: PlanCacheMode,
    *,
    seqscan: bool = True,
    table: str = "tasks",
) -> Work:
    """What Postgres does with a table for the prepared statement, planned for its parameters or for any."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"SET plan_cache_mode = {mode}")
        await connection.execute(f"SET enable_seqscan = {seqscan}")
        await connection.execute(f"PREPARE page AS {statement}")
        values = ", ".join(map(_literal, parameters))
        execute = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page({values})"
        plan = msgspec.json.decode(await connection.fetchval(execute))[0]["Plan"]
    finally:
        await connection.close()
    nodes = list(_nodes(plan))
    readers = [node for node in nodes if node.get("Relation Name") == table]
    finders = [node for node in nodes if _finds(node, table)]
    return Work(
        indexes=tuple(f"{node['Index Name']} {node['Index Cond']}" for node in finders),
        sorts=any("Sort" in node["Node Type"] for node in nodes),
        reads_all=any(node["Node Type"] == "Seq Scan" for node in readers),
        rows=sum(map(_rows_read, readers)),
        cost=plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _finds(node: dict[str, Any], table: str) -> bool:
    return "Index Name" in node and not any(other in node["Index Name"] for other in OTHERS.get(table, HEADS))


def _rows_read(node: dict[str, Any]) -> int:
    rows: int = round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
    return rows


def _literal(value: Any) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
