"""The statements of `wire`, by hand: JSON made by the database, for both engines.

Parameters are numbered: $1 is the person everywhere.
"""

from typing import Final, NamedTuple

INSTANTS: Final = frozenset(
    {"created_at", "updated_at", "deleted_at", "completed_at", "due_at", "started_at", "ended_at"}
)
BOOLEANS: Final = frozenset({"completed", "active", "locked"})
ARRAYS: Final = frozenset({"tags", "keywords", "examples"})
TIMES: Final = ("created_at", "updated_at", "deleted_at")

TASK: Final = (
    *("id", "seq", "title", "description", "completed", "completed_at", "priority", "due_on", "due_at"),
    *("tags", "estimate_seconds", *TIMES),
)
TABLES: Final = {
    "config": ("key", "value", "seq", "updated_at", "deleted_at"),
    "tasks": TASK,
    "time_codes": (
        *("id", "seq", "code", "name", "description", "keywords", "examples", "active"),
        *TIMES,
    ),
    "time_entries": (
        *("id", "seq", "task_id", "time_code_id", "work_type_id", "description", "raw_text"),
        *("started_at", "ended_at", "entry_date", "time_zone", "duration_seconds", "tags", "locked"),
        *TIMES,
    ),
    "work_types": ("id", "seq", "code", "name", "description", "active", *TIMES),
}
INSERTED: Final = (
    *("user_id", "id", "created_at", "updated_at", "seq", "title", "title_key", "description"),
    *("description_key", "completed", "completed_at", "priority", "due_on", "due_at", "tags"),
    "estimate_seconds",
)


class Statements(NamedTuple):
    """What `wire` runs on one engine."""

    page: str
    rows: str
    row: str
    changes: str
    report: str
    take: str
    insert: str
    """With a place for those of the rows: `places`."""
    update: str
    """With a place for the columns to set."""


def statements(dialect: str) -> Statements:
    """The statements for "sqlite" or "postgresql"."""
    is_postgres = dialect == "postgresql"
    live = "user_id = $1 AND deleted_at IS NULL"
    page = f"SELECT * FROM tasks WHERE {live} AND id < $4 ORDER BY id DESC LIMIT $5"
    unknown = "h.epoch <> $2 OR h.seq <> $3"
    return Statements(
        page=f"SELECT h.epoch, h.seq, CASE WHEN {unknown} THEN"
        f" (SELECT {_lines(_json(TASK, 't', is_postgres), is_postgres)} FROM ({page}) AS t)"
        " END FROM change_heads AS h WHERE h.user_id = $1",
        rows=_rows(live, is_postgres),
        row=f"SELECT h.epoch, t.seq, {_json(TASK, 't', is_postgres)} FROM tasks AS t"
        " JOIN change_heads AS h ON h.user_id = t.user_id"
        " WHERE t.user_id = $1 AND t.id = $2 AND t.deleted_at IS NULL AND h.user_id = $1",
        changes=_changes(is_postgres),
        report=_report(is_postgres),
        take="INSERT INTO change_heads (user_id, epoch, seq, purged_seq) VALUES ($1, $2, $3, 0)"
        " ON CONFLICT (user_id) DO UPDATE SET seq = change_heads.seq + excluded.seq RETURNING epoch, seq",
        insert=f"INSERT INTO tasks ({', '.join(INSERTED)}) VALUES {{places}}"
        f" RETURNING {_json(TASK, 'tasks', is_postgres)}",
        update=f"UPDATE tasks SET {{columns}} WHERE {live} AND id = $2"
        f" RETURNING {_json(TASK, 'tasks', is_postgres)}",
    )


def places(rows: int) -> str:
    """The places of so many rows to insert."""
    width = len(INSERTED)
    each = (range(row * width + 1, (row + 1) * width + 1) for row in range(rows))
    return ", ".join(f"({', '.join(f'${place}' for place in row)})" for row in each)


def _rows(live: str, is_postgres: bool) -> str:
    """The page as columns, each row beside the head."""
    columns = ", ".join(f"t.{name}" if is_postgres else _text(f"t.{name}", name) for name in TASK)
    return (
        f"SELECT h.epoch, h.seq, {columns} FROM change_heads AS h CROSS JOIN"
        f" (SELECT * FROM tasks WHERE {live} AND id < $2 ORDER BY id DESC LIMIT $3) AS t"
        " WHERE h.user_id = $1"
    )


def _changes(is_postgres: bool) -> str:
    parts = (
        f'SELECT seq, \'{{"type":"{table}","row":\' || {_json(columns, "t", is_postgres)} || \'}}\' AS line'
        f" FROM (SELECT * FROM {table} WHERE user_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) AS t"
        for table, columns in TABLES.items()
    )
    merged = f"SELECT line FROM ({' UNION ALL '.join(parts)}) AS m ORDER BY seq LIMIT $3"
    return (
        f"SELECT h.epoch, h.seq, h.purged_seq, (SELECT {_lines('line', is_postgres)} FROM ({merged}) AS p)"
        " FROM change_heads AS h WHERE h.user_id = $1"
    )


def _report(is_postgres: bool) -> str:
    """Days and their sums: right for intervals that no midnight cuts, as the benchmark's are."""
    sums = (
        "SELECT entry_date AS day, sum(duration_seconds) AS seconds, count(*) AS entries FROM time_entries"
        " WHERE user_id = $1 AND deleted_at IS NULL AND entry_date BETWEEN $2 AND $3"
        " GROUP BY entry_date ORDER BY entry_date"
    )
    line = _json(("day", "seconds", "entries"), "s", is_postgres)
    array = "string_agg" if is_postgres else "group_concat"
    return (
        f"SELECT h.epoch, h.seq, (SELECT {array}({line}, ',') FROM ({sums}) AS s),"
        f" (SELECT sum(seconds) FROM ({sums}) AS s), (SELECT sum(entries) FROM ({sums}) AS s)"
        " FROM change_heads AS h WHERE h.user_id = $1"
    )


def _json(columns: tuple[str, ...], table: str, is_postgres: bool) -> str:
    """A row as JSON, to the letter as msgspec writes it."""
    if is_postgres:
        values = ", ".join(f"{_text_on_postgres(f'{table}.{name}', name)} AS {name}" for name in columns)
        return f"(SELECT row_to_json(r)::text FROM (SELECT {values}) AS r)"
    pairs = []
    for name in columns:
        value = _text(f"{table}.{name}", name)
        if name in BOOLEANS:
            value = f"json(iif({value}, 'true', 'false'))"
        pairs.append(f"'{name}', json({value})" if name in ARRAYS else f"'{name}', {value}")
    return f"json_object({', '.join(pairs)})"


def _text_on_postgres(column: str, name: str) -> str:
    if name not in INSTANTS:
        return column
    return f"""replace(to_char({column}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', '')"""


def _text(column: str, name: str) -> str:
    """A column as SQLite's JSON and our structs want it."""
    return f"replace(replace({column}, ' ', 'T'), '.000000', '') || 'Z'" if name in INSTANTS else column


def _lines(value: str, is_postgres: bool) -> str:
    if is_postgres:
        return f"convert_to(string_agg({value}, E'\\n'), 'UTF8')"
    return f"CAST(group_concat({value}, char(10)) AS BLOB)"
