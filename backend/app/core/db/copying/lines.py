"""A row as one line of JSON, the same to the byte from both engines, and the digest of many."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Table

from app.core.db.copying.columns import Value
from app.core.db.rules.kinds import kind_of

Row = tuple[Value, ...]
"""A row's values, in the order of its table's columns."""
Rows = list[Row]

_encoder = msgspec.json.Encoder()


class RowError(ValueError):
    """A row that is none of its table's: where, and what is wrong; never its text."""


class Batch(NamedTuple):
    """Some rows, and their lines."""

    rows: Rows
    lines: bytes


@dataclass
class Digest:
    """What was seen of a table: how many rows, and the SHA-256 of their lines in the order of the key."""

    rows: int = 0
    _sha256: Any = field(default_factory=sha256, repr=False)

    def add(self, batch: Batch) -> None:
        """Take in more rows."""
        self.rows += len(batch.rows)
        self._sha256.update(batch.lines)

    @property
    def hex(self) -> str:
        """The digest, as 64 hexadecimal digits."""
        text: str = self._sha256.hexdigest()
        return text


def batch_of(rows: Rows) -> Batch:
    """The rows with their lines, each a JSON array of its values and a line feed."""
    return Batch(rows, _encoder.encode_lines(rows))


def rows_of(table: Table, lines: bytes) -> Rows:
    """The rows that lines hold. Raises RowError where one is not of the table's columns and types."""
    try:
        found: Rows = _decoder(table).decode_lines(lines)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise RowError(f"not rows of {table.name}: {reason}") from None
    return found


def _decoder(table: Table) -> msgspec.json.Decoder[Any]:
    types: dict[str, Any] = {"bool": bool, "int": int}
    row = [(types.get(kind_of(column), str), column.nullable) for column in table.columns]
    return msgspec.json.Decoder(tuple[tuple(type_ | None if null else type_ for type_, null in row)])  # type: ignore[misc] # made of the table's columns
