"""Whether one person's rows are found by an index, by the plan that the database makes."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Table, inspect, text

_SEARCH: Final = re.compile(r"SEARCH \w+ USING (?:COVERING )?(?:INDEX (\S+)|(PRIMARY KEY)) \(user_id=\?")


def index_for_one_user(connection: Connection, table: Table) -> str | None:
    """The name of the index, starting with `user_id`, that fetching one user's rows uses, or None."""
    statement = f"SELECT * FROM {table.name} WHERE user_id = 'alice'"
    if connection.dialect.name == "sqlite":
        return _on_sqlite(connection, statement)
    return _on_postgres(connection, table, statement)


def _on_sqlite(connection: Connection, statement: str) -> str | None:
    for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")):
        if found := _SEARCH.match(row.detail):
            return found[1] or found[2]
    return None


def _on_postgres(connection: Connection, table: Table, statement: str) -> str | None:
    """A small table is read as a whole whatever its indexes: the planner is told to leave that."""
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    plan = connection.scalar(text(f"EXPLAIN (FORMAT JSON) {statement}"))
    used = set(_indexes_in(json.loads(plan) if isinstance(plan, str) else plan))
    inspector = inspect(connection)
    starts = {str(i["name"]): i["column_names"][:1] for i in inspector.get_indexes(table.name)}
    key = inspector.get_pk_constraint(table.name)
    starts[str(key["name"])] = list(key["constrained_columns"][:1])
    return next((name for name in sorted(used) if starts.get(name) == ["user_id"]), None)


def _indexes_in(plan: Any) -> Iterator[str]:
    """The names of the indexes in a plan whose condition is the user."""
    if isinstance(plan, list):
        for part in plan:
            yield from _indexes_in(part)
    elif isinstance(plan, dict):
        if "Index Name" in plan and "user_id" in plan.get("Index Cond", ""):
            yield plan["Index Name"]
        for part in (plan.get("Plan"), plan.get("Plans")):
            yield from _indexes_in(part)
