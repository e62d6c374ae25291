"""Whether Postgres still holds what its catalogue shows: a constraint can be there and not be looked at."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, MetaData, TextClause, bindparam, text

from app.core.db.verify.report import Check, failed, passed

_OURS: Final = "pg_table_is_visible(c.oid) AND c.relname IN :tables"


def _query(sql: str) -> TextClause:
    return text(f"{sql} AND {_OURS} ORDER BY 1").bindparams(bindparam("tables", expanding=True))


NOT_VALIDATED: Final = _query(
    "SELECT c.relname || '.' || k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
    " WHERE NOT k.convalidated"
)
INVALID: Final = _query(
    "SELECT c.relname || '.' || i.indexrelid::regclass::text FROM pg_index i"
    " JOIN pg_class c ON c.oid = i.indrelid WHERE NOT (i.indisvalid AND i.indisready)"
)
SWITCHED_OFF: Final = _query(
    "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE t.tgenabled IN ('D', 'R')"
)
LOOKED_AT: Final = (
    (
        NOT_VALIDATED,
        "constraints were never held against the rows that were there",
        "once the rows pass: ALTER TABLE … VALIDATE CONSTRAINT …",
    ),
    (INVALID, "indexes are invalid: half made", "REINDEX INDEX CONCURRENTLY …"),
    (SWITCHED_OFF, "tables have their foreign keys switched off", "ALTER TABLE … ENABLE TRIGGER ALL"),
)


TRIGGERS: Final = {
    "sqlite": text(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :tables"
    ).bindparams(bindparam("tables", expanding=True)),
    "postgresql": _query(
        "SELECT c.relname || '.' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal"
    ),
}


def enforced_checks(metadata: MetaData, connection: Connection) -> Iterator[Check]:
    """Whether what the models say, and that alone, happens to every row, an old one and a new one.

    A constraint or an index that does not count is of Postgres only; a trigger may come with a restored file.
    """
    tables = list(metadata.tables)
    if found := connection.scalars(TRIGGERS[connection.dialect.name], {"tables": tables}).all():
        what = f"{', '.join(found)}: the service has none, and numbers no row that one writes"
        yield failed("triggers", what, "DROP TRIGGER …, unless you know whose it is")
    if connection.dialect.name != "postgresql":
        return
    name, is_well = "enforced", True
    for query, what, mend in LOOKED_AT:
        found = connection.scalars(query, {"tables": tables}).all()
        if found:
            is_well = False
            yield failed(name, f"{len(found)} {what}: {', '.join(found)}", mend)
    if is_well:
        yield passed(name, "every constraint and index holds for every row")
