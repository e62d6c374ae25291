"""Folded keys: whether each is the fold of the text beside it, told by the app, which alone can fold."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, or_, select, text

from app.core.db.rules.naming import name_of_row
from app.core.db.verify.invariants import LONGER, NAMED
from app.core.db.verify.report import Check, failed, passed
from app.core.db.verify.row_tests import may_be_unfolded
from app.core.text import fold
from app.models.types import FOLDS

BATCH: Final = 1_000
"""Rows in memory at a time: a text is 20,000 characters at most."""
REFOLD: Final = (
    "send these texts again through the API (PATCH with the text as it is), and it folds them anew"
)


def folded_columns(table: Table) -> list[tuple[ColumnElement[Any], ColumnElement[Any]]]:
    """The table's texts that have a folded key, each with it."""
    return [(table.c[column.info[FOLDS]], column) for column in table.c if FOLDS in column.info]


def fold_checks(table: Table, connection: Connection) -> Iterator[Check]:
    """Whether each key is what its text folds to. Of ASCII the database knows, the rest is looked at here."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(LONGER))
    count, named = 0, list[str]()
    for row in connection.execute(_suspects(table).execution_options(yield_per=BATCH)):
        if not _is_folded(row):
            count += 1
            named += [row[0]] if count <= NAMED else []
    name = f"folded keys of {table.name}"
    if count:
        more = f", and {count - NAMED} more" if count > NAMED else ""
        what = f"{count} have a key that is not the fold of its text: {', '.join(named)}{more}"
        yield failed(name, what, REFOLD)
    else:
        yield passed(name, "each is the fold of its text")


def _suspects(table: Table) -> Select[Any]:
    """The rows that have to be looked at: name, then text and key in turn."""
    pairs = folded_columns(table)
    suspect = (and_(source.is_not(None), may_be_unfolded(source, key)) for source, key in pairs)
    return select(name_of_row(table), *(column for pair in pairs for column in pair)).where(or_(*suspect))


def _is_folded(row: Row[Any]) -> bool:
    values = list(row)[1:]
    pairs = zip(values[::2], values[1::2], strict=True)
    return all(source is None or (isinstance(source, str) and key == fold(source)) for source, key in pairs)
