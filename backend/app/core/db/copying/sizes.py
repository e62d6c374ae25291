"""How many rows fit into memory at once, whatever people wrote into them."""

import re
from typing import Any, Final

from sqlalchemy import CheckConstraint, Column, Table

from app.core.db.rules.kinds import kind_of

FETCH_BYTES: Final = 128 * 1024 * 1024
"""What the rows of one fetch may take at most, were each as long as can be."""
FETCH_ROWS: Final = 1_000
UTF8: Final = 4
"""Bytes that a character takes at most."""
SHORT: Final = 40
"""Characters of whatever is neither text nor JSON."""
UNKNOWN: Final = 1024 * 1024
"""Characters of a text whose length nothing bounds."""


def rows_at_once(table: Table) -> int:
    """How many rows of a table to fetch at once."""
    longest = sum(_longest(column) for column in table.columns) * UTF8
    return max(1, min(FETCH_ROWS, FETCH_BYTES // longest))


def _longest(column: Column[Any]) -> int:
    """How many characters a value may have, by the column's CHECKs and its type."""
    if kind_of(column) not in ("text", "json"):
        return SHORT
    bounds = [bound for bound in (_checked(column), getattr(column.type, "length", None)) if bound]
    return min(bounds, default=UNKNOWN)


def _checked(column: Column[Any]) -> int | None:
    of_length = re.compile(rf"\blength\((CAST\()?\(?{column.name}\b", re.IGNORECASE)
    checks = (str(c.sqltext) for c in column.table.constraints if isinstance(c, CheckConstraint))
    numbers = [
        int(digits) for check in checks if of_length.search(check) for digits in re.findall(r"\d+", check)
    ]
    return max(numbers, default=None)
