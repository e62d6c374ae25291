"""What holds of each row by itself, whatever wrote it: every table is read once, and its rules with it."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Table,
    func,
    literal_column,
    or_,
    select,
    text,
)
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.db.verify.broken_rows import rows_where, unchecked
from app.core.db.verify.invariants import CORRECT, LONGER, NAMED
from app.core.db.verify.report import Check, failed, passed
from app.core.db.verify.row_tests import (
    is_another_moment,
    is_no_day,
    is_no_id,
    is_no_instant,
    is_no_list_of_text,
    is_no_subject,
    is_of_another_type,
)
from app.models.types import JsonText

_REWRITE: Final = "write them again as the service does: instants in UTC, `YYYY-MM-DD HH:MM:SS.ffffff`"
_MOVE: Final = "give them to the person whose they are: scripts/relink_user.py moves the rest of theirs"
_RELIST: Final = "set them to a JSON array of text, `[]` for none"


class Rule(NamedTuple):
    """Something that every row of a table keeps: where it is broken, what breaks it, and what mends that."""

    name: str
    broken: ColumnElement[bool]
    breaks: str
    mend: str


def row_checks(table: Table, connection: Connection) -> Iterator[Check]:
    """Whether every row keeps every rule of its table; one failure for each rule that is broken."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(LONGER))
    rules = rules_of(table)
    rows, *counts = connection.execute(_counts(table)).one()
    if not any(counts):
        yield passed(f"rows of {table.name}", f"{rows}, and each keeps all {len(rules)} rules")
    for rule, count in zip(rules, counts, strict=True):
        if count:
            broken = rows_where(table, rule.broken).subquery()
            named = connection.scalars(select(broken.c.row).order_by(broken.c.row).limit(NAMED)).all()
            more = f", and {count - NAMED} more" if count > NAMED else ""
            what = f"{count} {rule.breaks}: {', '.join(named)}{more}"
            yield failed(f"{table.name}.{rule.name}", what, rule.mend)


@lru_cache(maxsize=64)
def rules_of(table: Table) -> tuple[Rule, ...]:
    """The rules of a table: its CHECKs, whether or not the database asks for them, and what no CHECK says."""
    return (
        Rule(
            "types",
            or_(*(_is_of_another_type(column) for column in table.c if not _is_time(column))),
            "have a value of another type than its column's",
            CORRECT,
        ),
        *_of_checks(table),
        *(rule for column in table.c for rule in _of_column(column)),
    )


@lru_cache(maxsize=64)
def _counts(table: Table) -> Any:
    """How many rows there are, and how many break each of the rules: in one pass."""
    broken = (func.count().filter(rule.broken) for rule in rules_of(table))
    return select(func.count(), *broken).select_from(table)


def _of_checks(table: Table) -> Iterator[Rule]:
    prefix = f"ck_{table.name}_"
    names = sorted(str(each.name) for each in table.constraints if isinstance(each, CheckConstraint))
    for name in (name.removeprefix(prefix) for name in names):
        yield Rule(name, unchecked(table, name), "break this constraint of the models", CORRECT)


def _of_column(column: ColumnElement[Any]) -> Iterator[Rule]:
    name = str(column.key)
    if isinstance(column.type, UTCDateTime):
        yield Rule(f"{name}_utc", is_no_instant(column), "have there no instant, or none in UTC", _REWRITE)
    elif isinstance(column.type, Date):
        yield Rule(f"{name}_day", is_no_day(column), "have there no day", CORRECT)
    elif name == "id":
        yield Rule("id_version", is_no_id(column), "have an id that is no UUID of version 7", CORRECT)
        created_at = column.table.c.created_at
        yield Rule(
            "id_moment",
            is_another_moment(column, created_at),
            "have a created_at that is not the moment of their id",
            "set created_at to the moment that the id carries",
        )
    elif isinstance(column.type, JSON) and not isinstance(column.type, JsonText) and name != "headers":
        yield Rule(f"{name}_texts", is_no_list_of_text(column), "have there no JSON array of text", _RELIST)
    elif name == "user_id":
        yield Rule("user_id_subject", is_no_subject(column), "are of a person that no token can name", _MOVE)


def _is_time(column: ColumnElement[Any]) -> bool:
    """Whether a rule of its own looks at each character."""
    return isinstance(column.type, UTCDateTime | Date)


def _is_of_another_type(column: ColumnElement[Any]) -> ColumnElement[bool]:
    number = isinstance(column.type, Integer | Boolean)
    kept = is_of_another_type(column, literal_column("'integer'" if number else "'text'"))
    return or_(kept, column.not_in([False, True])) if isinstance(column.type, Boolean) else kept
