"""All that is one person's, read from every table: for what must move, or stay, as a whole."""

from typing import Any

from sqlalchemy import Connection, Table, select

from app.models import metadata
from tests.migrations.running import look

Rows = dict[str, list[dict[str, Any]]]


async def rows_of(url: str, user_id: str) -> Rows:
    """All that is a person's, by table, in the order of its numbers, without the name."""

    def read(connection: Connection) -> Rows:
        return {table.name: _read(connection, table, user_id) for table in metadata.sorted_tables}

    found: Rows = await look(url, read)
    return {name: rows for name, rows in found.items() if rows}


def _read(connection: Connection, table: Table, user_id: str) -> list[dict[str, Any]]:
    order = table.c.seq if "seq" in table.c else table.c.key
    found = connection.execute(select(table).where(table.c.user_id == user_id).order_by(order))
    return [{name: value for name, value in row.items() if name != "user_id"} for row in found.mappings()]


def without_numbers(rows: Rows) -> Rows:
    """The rows as their person sees them, without the counter."""
    return {
        table: [{name: value for name, value in row.items() if name != "seq"} for row in those]
        for table, those in rows.items()
        if table != "change_heads"
    }


def numbers(rows: Rows) -> list[int]:
    """The numbers that rows bear."""
    return sorted(
        row["seq"]
        for name, those in rows.items()
        for row in those
        if name not in ("change_heads", "idempotency_keys")
    )
