"""What holds of each row by itself, whatever wrote it: every table is read once, and its rules with it."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, Connection, Table, func, select, text

from app.core.db.rules.constraints import Rule, rules_of
from app.core.db.rules.kinds import kind_of
from app.core.db.rules.naming import rows_where
from app.core.db.verify.invariants import CORRECT, LONGER, NAMED
from app.core.db.verify.report import Check, failed, passed
from app.core.db.verify.row_tests import is_another_moment, is_no_id, is_no_list_of_text, is_no_subject
from app.models.types import JsonText

_REWRITE: Final = "write them again as the service does: instants in UTC, `YYYY-MM-DD HH:MM:SS.ffffff`"
_MOVE: Final = "give them to the person whose they are: scripts/relink_user.py moves the rest of theirs"
_RELIST: Final = "set them to a JSON array of text, `[]` for none"
_REDATE: Final = "set created_at to the moment that the id carries"


def row_checks(table: Table, connection: Connection) -> Iterator[Check]:
    """Whether every row keeps every rule of its table; one failure for each rule that is broken."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(LONGER))
    rules = all_rules_of(table, connection.dialect.name)
    rows, *counts = connection.execute(_counts(table, connection.dialect.name)).one()
    if not any(counts):
        yield passed(f"rows of {table.name}", f"{rows}, and each keeps all {len(rules)} rules")
    for (rule, mend), count in zip(rules, counts, strict=True):
        if count:
            broken = rows_where(table, rule.broken).subquery()
            named = connection.scalars(select(broken.c.row).order_by(broken.c.row).limit(NAMED)).all()
            more = f", and {count - NAMED} more" if count > NAMED else ""
            what = f"{count} rows: {rule.what}: {', '.join(named)}{more}"
            yield failed(f"{table.name}.{rule.name}", what, mend)


@lru_cache(maxsize=64)
def all_rules_of(table: Table, dialect: str) -> tuple[tuple[Rule, str], ...]:
    """What the models ask of a row, whether or not the database does, and what no constraint says.

    Each with what mends it.
    """
    instants = {column.name for column in table.c if kind_of(column) == "instant"}
    asked = ((rule, _REWRITE if rule.name in instants else CORRECT) for rule in rules_of(table, dialect))
    return (*asked, *(rule for column in table.c for rule in _of_column(column)))


@lru_cache(maxsize=64)
def _counts(table: Table, dialect: str) -> Any:
    """How many rows there are, and how many break each of the rules: in one pass."""
    broken = (func.count().filter(rule.broken) for rule, _ in all_rules_of(table, dialect))
    return select(func.count(), *broken).select_from(table)


def _of_column(column: ColumnElement[Any]) -> Iterator[tuple[Rule, str]]:
    name = str(column.key)
    if name == "id":
        yield Rule("id_version", "id is no UUID of version 7", is_no_id(column)), CORRECT
        is_off = is_another_moment(column, column.table.c.created_at)
        yield Rule("id_moment", "created_at is not the moment of its id", is_off), _REDATE
    elif isinstance(column.type, JSON) and not isinstance(column.type, JsonText) and name != "headers":
        what = f"{name} are no JSON array of text"
        yield Rule(f"{name}_texts", what, is_no_list_of_text(column)), _RELIST
    elif name == "user_id":
        what = "user_id is a name that no token can bear"
        yield Rule("user_id_subject", what, is_no_subject(column)), _MOVE
