"""The shape of a schema, as the database itself describes it: so that two can be compared."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Inspector, MetaData, create_engine, inspect, text
from sqlalchemy.types import NullType

_WHERE: Final = ("postgresql_where", "sqlite_where")


class Part(NamedTuple):
    """One part of a schema: a table, or a column, a constraint or an index of one."""

    kind: str
    table: str
    name: str

    def __str__(self) -> str:
        """The part as one would say it."""
        return f"table {self.table}" if self.kind == "table" else f"{self.kind} {self.table}.{self.name}"


Shape = Mapping[Part, str]
"""What each part is, in the engine's own words."""


def live_shape(connection: Connection, tables: Iterable[str]) -> Shape:
    """The shape of those of the tables that are there; other programs' tables are not looked at."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    return _shape_of(inspector, [table for table in tables if table in there])


def model_shape(connection: Connection, metadata: MetaData) -> Shape:
    """The shape of the models, in the words of the connection's engine.

    SQLite says it of a database in memory, Postgres of temporary tables: they hide the real ones for
    the rest of the transaction, which is to be rolled back.
    """
    if connection.dialect.name == "sqlite":
        engine = create_engine("sqlite://")
        try:
            with engine.begin() as memory:
                metadata.create_all(memory)
                return _shape_of(inspect(memory), metadata.tables)
        finally:
            engine.dispose()
    connection.execution_options(schema_translate_map={None: "pg_temp"})
    metadata.create_all(connection, checkfirst=False)
    connection.execution_options(schema_translate_map=None)
    schema = connection.scalar(text("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()"))
    return _shape_of(inspect(connection), metadata.tables, schema)


def differences(live: Shape, wanted: Shape, kind: str) -> list[str]:
    """What is missing, too much or different among the parts of one kind, in words.

    A missing table is one difference of each kind, not one for each of its columns.
    """
    tables = {part.table for part in live}
    missing = sorted({part.table for part in wanted} - tables)
    found = [
        f"table {table} is missing" if kind == "table" else f"all of {table}'s are missing"
        for table in missing
    ]
    for part in sorted(set(live) | set(wanted)):
        if part.kind != kind or part.table in missing:
            continue
        if part not in live:
            found.append(f"{part} is missing")
        elif part not in wanted:
            found.append(f"{part} is not in the models")
        elif live[part] != wanted[part]:
            found.append(f"{part} is {live[part]}, the models say {wanted[part]}")
    return found


def _shape_of(inspector: Inspector, tables: Iterable[str], schema: str | None = None) -> Shape:
    return dict(part for table in tables for part in _parts_of(inspector, table, schema))


def _parts_of(inspector: Inspector, table: str, schema: str | None) -> Iterator[tuple[Part, str]]:
    yield Part("table", table, ""), ""
    for column in inspector.get_columns(table, schema):
        yield Part("column", table, column["name"]), _column(inspector, column)
    key = inspector.get_pk_constraint(table, schema)
    yield Part("constraint", table, key.get("name") or "primary key"), _listed("PRIMARY KEY", key)
    for unique in inspector.get_unique_constraints(table, schema):
        yield Part("constraint", table, unique["name"] or "unique"), _listed("UNIQUE", unique)
    for check in inspector.get_check_constraints(table, schema):
        yield Part("constraint", table, check["name"] or "check"), f"CHECK ({check['sqltext']})"
    for foreign in inspector.get_foreign_keys(table, schema):
        yield Part("constraint", table, foreign["name"] or "foreign key"), _foreign_key(foreign)
    for index in inspector.get_indexes(table, schema):
        if not index.get("duplicates_constraint"):
            yield Part("index", table, index["name"] or ""), _index(index)


def _column(inspector: Inspector, column: Any) -> str:
    kind = column["type"]
    words = ["no type" if isinstance(kind, NullType) else kind.compile(dialect=inspector.dialect)]
    words.append("NULL" if column["nullable"] else "NOT NULL")
    if column["default"] is not None:
        words.append(f"DEFAULT {column['default']}")
    return " ".join(words)


def _listed(word: str, constraint: Any) -> str:
    columns = constraint.get("constrained_columns") or constraint.get("column_names") or ()
    return f"{word} ({', '.join(columns)})"


def _foreign_key(foreign: Any) -> str:
    options = "".join(f" {name} {value}" for name, value in sorted((foreign.get("options") or {}).items()))
    columns, referred = ", ".join(foreign["constrained_columns"]), ", ".join(foreign["referred_columns"])
    return f"FOREIGN KEY ({columns}) REFERENCES {foreign['referred_table']} ({referred}){options}"


def _index(index: Any) -> str:
    columns = index.get("expressions") or index["column_names"]
    options = {
        name: str(value) for name, value in (index.get("dialect_options") or {}).items() if value is not None
    }
    rows = next((f" WHERE {options.pop(name)}" for name in _WHERE if name in options), "")
    order = f" {index['column_sorting']}" if index.get("column_sorting") else ""
    others = "".join(f" {name}={value}" for name, value in sorted(options.items()) if value != "[]")
    return f"{'UNIQUE ' if index['unique'] else ''}({', '.join(columns)}){order}{others}{rows}"
