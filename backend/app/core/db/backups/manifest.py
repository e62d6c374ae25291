"""What a backup says of itself: where it comes from, and what must be found in whatever is made of it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from sqlalchemy import MetaData, Table

from app.core.db.copying.lines import Digest
from app.core.db.rules.kinds import KINDS, kind_of
from app.core.operating import RefusedError

FORMAT: Final = 1
FILE_NAME: Final = re.compile(r"daybook-\d{8}T\d{6}Z-[0-9a-f]+\.zip")
"""The names that `backup_db` gives; only files that are called so are ever rotated away."""

NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")

Line = Annotated[str, msgspec.Meta(max_length=1000, pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")]
"""Text that may be shown on a terminal: it can't move the cursor there, or say in another's voice."""
Major = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,4}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0)]

Kind = Literal["sqlite", "pg_dump", "portable"]
"""A copy of SQLite's file; pg_dump's archive; or every table's lines, which either engine takes."""


class Member(msgspec.Struct, frozen=True):
    """One part of the payload: its name in the archive, its length in bytes, and their SHA-256."""

    name: str
    bytes: int
    sha256: str


class ColumnOf(msgspec.Struct, frozen=True):
    """A column: its name, its kind (see `copying.columns.KINDS`), and whether it may be null."""

    name: str
    kind: str
    nullable: bool


class TableOf(msgspec.Struct, frozen=True):
    """A table as it was: its columns, its key, how many rows, and the SHA-256 of their lines."""

    name: str
    columns: tuple[ColumnOf, ...]
    key: tuple[str, ...]
    rows: Count
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that a backup says of itself.

    `database` is the URL of where it comes from, without its password; `tables` have parents first.
    """

    format: int = FORMAT
    kind: Kind
    engine: Literal["sqlite", "postgresql"]
    engine_version: Line
    database: Line
    tool: Major | None = None
    revision: Line
    app_version: Line
    began_at: datetime
    ended_at: datetime
    tables: tuple[TableOf, ...]
    payload: tuple[Member, ...]

    @property
    def rows(self) -> int:
        """How many rows it holds in all."""
        return sum(table.rows for table in self.tables)

    def __str__(self) -> str:
        """The backup as one would speak of it."""
        kind = {"sqlite": "a copy of SQLite's file", "pg_dump": "by pg_dump", "portable": "portable"}
        began = f"{self.began_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        return f"the backup of {began} ({kind[self.kind]}, {self.rows} rows, revision {self.revision})"


class _Format(msgspec.Struct):
    format: int


def encoded(manifest: Manifest) -> bytes:
    """The manifest as JSON that a person can read."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2)


def decoded(text: bytes) -> Manifest:
    """The manifest of that JSON. Raises RefusedError: "it is …"."""
    try:
        found = msgspec.json.decode(text, type=_Format).format
        if found != FORMAT:
            raise RefusedError(f"it is of format {found}, and this code reads {FORMAT}")
        manifest = msgspec.json.decode(text, type=Manifest)
        str(manifest)  # a moment that no calendar has can't be told
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        raise RefusedError("it is no backup of Daybook's: its manifest can't be read") from None
    names = [table.name for table in manifest.tables]
    if len(names) > len(set(names)) or not all(_is_plain(table) for table in manifest.tables):
        raise RefusedError("it is no backup of Daybook's: its manifest has tables like none of ours")
    return manifest


def summary(manifest: Manifest) -> dict[str, Any]:
    """The same for a script to read, without what only a restore needs to know."""
    told = msgspec.to_builtins(manifest)
    tables = {table.name: {"rows": table.rows, "sha256": table.sha256} for table in manifest.tables}
    return {name: value for name, value in told.items() if name != "payload"} | {"tables": tables}


def file_name(manifest: Manifest) -> str:
    """What the file is called, unless its operator says otherwise."""
    return f"daybook-{manifest.began_at:%Y%m%dT%H%M%SZ}-{manifest.revision}.zip"


def told(metadata: MetaData, digests: Mapping[str, Digest]) -> tuple[TableOf, ...]:
    """The tables as a manifest has them, parents first."""
    return tuple(_told(table, digests[table.name]) for table in metadata.sorted_tables)


def _is_plain(table: TableOf) -> bool:
    """Whether its names can stand in a statement as they are, and its columns are of known kinds."""
    columns = [column.name for column in table.columns]
    known = all(column.kind in KINDS for column in table.columns)
    once = len(columns) == len(set(columns)) and set(table.key) <= set(columns)
    return known and once and all(NAME.fullmatch(name) for name in (table.name, *columns))


def _told(table: Table, digest: Digest) -> TableOf:
    columns = tuple(
        ColumnOf(str(column.name), kind_of(column), bool(column.nullable)) for column in table.columns
    )
    key = tuple(str(column.name) for column in table.primary_key.columns)
    return TableOf(str(table.name), columns, key, digest.rows, digest.hex)
