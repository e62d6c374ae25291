"""What a value of each kind looks like where it is stored: SQLite may hold what nobody looked at."""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, String
from sqlalchemy.dialects import sqlite

from app.core.db.rules.kinds import kind_of

Fault = tuple[str, str]
"""What is wrong with a value, and the SQL that says so of the column `{0}`."""

TOO_LONG: Final = "is too long"
FIRST_DAY: Final = "0001-01-02"
BEYOND_DAY: Final = "9999-12-31"
"""The driver of Postgres takes the first of all days and the last for infinities."""

_HEX: Final = "[0-9a-f]"
_ID: Final = "-".join(_HEX * length for length in (8, 4, 4, 4, 12))
_DIGIT: Final = "[0-9]"
_DAY: Final = "-".join(_DIGIT * length for length in (4, 2, 2))
_INSTANT: Final = f"{_DAY} {':'.join([_DIGIT * 2] * 3)}.{_DIGIT * 6}"
_RANGE: Final = f"{{0}} >= '{FIRST_DAY}' AND {{0}} < '{BEYOND_DAY}'"
_RANGE_OF_INSTANTS: Final = f"{{0}} >= '{FIRST_DAY} 00:00:00+00' AND {{0}} < '{BEYOND_DAY} 00:00:00+00'"
# Reckoned with, a day that there is not, such as 30 February, becomes another; what is none at all is NULL.
_REAL_DAY: Final = f"{{0}} GLOB '{_DAY}' AND date({{0}}, '+0 days') IS {{0}} AND {_RANGE}"
_REAL_INSTANT: Final = (
    f"{{0}} GLOB '{_INSTANT}' AND strftime('%Y-%m-%d %H:%M:%S', substr({{0}}, 1, 19), '+0 days')"
    " IS substr({0}, 1, 19)"
    f" AND {_RANGE}"
)
_HAS_NUL: Final = "instr({0}, char(0)) > 0"


def _unless(type_: str, condition: str = "1") -> str:
    """SQLite: a value is there, and it is not of this type or the condition does not hold."""
    return f"{{0}} IS NOT NULL AND NOT (typeof({{0}}) = '{type_}' AND {condition})"


_ON_SQLITE: Final[dict[str, list[Fault]]] = {
    "text": [
        ("is not text", _unless("text")),
        ("has a NUL in it", f"typeof({{0}}) = 'text' AND {_HAS_NUL}"),
    ],
    "int": [("is not a whole number", _unless("integer"))],
    "bool": [("is neither true nor false", _unless("integer", "{0} IN (0, 1)"))],
    "id": [("is not a UUID as the service writes it", _unless("text", f"{{0}} GLOB '{_ID}'"))],
    "json": [("is not JSON", _unless("text", f"NOT {_HAS_NUL} AND json_valid({{0}})"))],
    "day": [("is not a day as the service writes it", _unless("text", _REAL_DAY))],
    "instant": [("is not an instant as the service writes it", _unless("text", _REAL_INSTANT))],
}
_ON_POSTGRES: Final[dict[str, list[Fault]]] = {
    "day": [("is not a day that both engines keep", f"NOT ({_RANGE})")],
    "instant": [("is not an instant that both engines keep", f"NOT ({_RANGE_OF_INSTANTS})")],
}


_NUMBER: Final[Fault] = ("is a lone number, which SQLite may round", "json_typeof({0}) = 'number'")


def faults_of(column: Column[Any], dialect: str) -> list[Fault]:
    """All that can be wrong with the column's values, on the engine that has them, but for its CHECKs."""
    found = [] if column.nullable else [("is NULL", "{0} IS NULL")]
    found += (_ON_SQLITE if dialect == "sqlite" else _ON_POSTGRES).get(kind_of(column), [])
    if dialect == "postgresql" and column.type.compile(sqlite.dialect()) == "JSON":
        found.append(_NUMBER)
    if isinstance(column.type, Integer) and not isinstance(column.type, BigInteger):
        found.append(("is too great a number", "{0} NOT BETWEEN -2147483648 AND 2147483647"))
    if isinstance(column.type, String) and column.type.length:
        found.append((TOO_LONG, f"length({{0}}) > {column.type.length}"))
    return found
