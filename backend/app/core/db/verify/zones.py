"""The zones that rows name: whether this machine knows each of them."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import Connection, Table, select, text

from app.core.db.verify.invariants import LONGER, NAMED
from app.core.db.verify.report import Check, failed, passed

UPDATE: Final = "update the package tzdata; a zone that never was: set time_zone to the one that was meant"


def zone_checks(is_zone: Callable[[str], bool], table: Table, connection: Connection) -> Iterator[Check]:
    """Whether every zone of a table's is a known one. The first of the others are named as ASCII."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(LONGER))
    unknown = [
        ascii(zone) for zone in connection.scalars(select(table.c.time_zone).distinct()) if not is_zone(zone)
    ]
    if unknown:
        more = f", and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        shown = ", ".join(sorted(unknown)[:NAMED])
        yield failed(f"zones of {table.name}", f"{len(unknown)} are unknown here: {shown}{more}", UPDATE)
    else:
        yield passed(f"zones of {table.name}", "each is known here")
