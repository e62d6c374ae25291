"""The tables as a database has them, at whatever revision: the models may be ahead of it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    inspect,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from app.core.db.backups.manifest import Manifest, TableOf
from app.core.db.copying.lines import RowError
from app.core.db.copying.reading import digests_of
from app.core.db.rules.kinds import kind_of
from app.core.operating import FailedError, Progress

_TYPES: Final[dict[str, type[TypeEngine[Any]]]] = {
    "instant": DateTime,
    "day": Date,
    "id": Uuid,
    "json": JSON,
    "bool": Boolean,
    "int": BigInteger,
    "text": String,
}


def tables_of(manifest: Manifest) -> MetaData:
    """The tables as they were when the backup was made, whatever the models have become since."""
    metadata = MetaData()
    for each in manifest.tables:
        columns = [
            Column(column.name, _TYPES[column.kind], nullable=column.nullable) for column in each.columns
        ]
        Table(each.name, metadata, *columns, PrimaryKeyConstraint(*each.key))
    return _in_order(metadata, [table.name for table in manifest.tables])


def tables_in(connection: Connection, models: MetaData) -> MetaData:
    """Those of the models' tables that the database has, with the columns that it has.

    What a column means the models say best: on SQLite an id is a text, and so may JSON be. Raises
    FailedError where a column is of a type that none of the models has.
    """
    inspector, metadata = inspect(connection), MetaData()
    there = set(inspector.get_table_names())
    for model in models.sorted_tables:
        if model.name in there:
            live = {column["name"]: column for column in inspector.get_columns(model.name)}
            key = tuple(column.name for column in model.primary_key.columns)
            names = [column.name for column in model.columns if column.name in live]
            names += [name for name in live if name not in model.columns]
            columns = [_live_column(model, live[name]) for name in names]
            Table(model.name, metadata, *columns, PrimaryKeyConstraint(*key))
    return _in_order(metadata, [table.name for table in models.sorted_tables if table.name in there])


async def differences(connection: AsyncConnection, manifest: Manifest, progress: Progress) -> list[str]:
    """What of the rows in the database is not as the manifest says, a line a table."""
    try:
        found = await digests_of(connection, tables_of(manifest), progress)
    except RowError as error:
        return [str(error)]
    lines = (_difference(table, found[table.name].rows, found[table.name].hex) for table in manifest.tables)
    return [line for line in lines if line]


def _difference(table: TableOf, rows: int, digest: str) -> str | None:
    if rows != table.rows:
        return f"{table.name} has {rows} rows, where the manifest says {table.rows}"
    if digest != table.sha256:
        return f"{table.name} has as many rows as the manifest says, {rows}, and not the same"
    return None


def _live_column(model: Table, live: Mapping[str, Any]) -> Column[Any]:
    name, type_ = live["name"], live["type"]
    known = model.columns.get(name)
    try:
        kind = kind_of(Column(name, type_) if known is None else known)
    except TypeError:
        raise FailedError(f"{model.name}.{name} is of a type that can't be backed up: {type_!r}") from None
    return Column(name, _TYPES[kind], nullable=live["nullable"])


def _in_order(metadata: MetaData, names: Iterable[str]) -> MetaData:
    """Have `sorted_tables` keep this order, of parents first, though nothing says who is whose."""
    before: Table | None = None
    for name in names:
        table = metadata.tables[name]
        if before is not None:
            table.add_is_dependent_on(before)
        before = table
    return metadata
