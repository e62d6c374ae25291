"""The statement of the changes: the person's head, and what changed after a number, of every table."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    bindparam,
    literal_column,
    select,
    type_coerce,
    union_all,
)

from app.core.db.session import Session
from app.core.db.verify.lists import ListPlan
from app.core.http.etags import Head
from app.core.rows.render import json_lines, json_row
from app.core.rows.resources import Resource
from app.core.rows.statements import HEADS, by_user

Resources = tuple[Resource[Any], ...]
"""The kinds of rows that a feed tells of: hashable, since a statement is kept for each."""

FETCH = bindparam("fetch", type_=BigInteger())


class Changes(NamedTuple):
    """One snapshot: the person's head, the number of the last purge, and the JSON of each change."""

    head: Head
    purged_seq: int
    items: list[bytes]


async def read_changes(
    session: Session, user_id: str, resources: Resources, since: int, fetch: int
) -> Changes:
    """At most `fetch` changes after the number `since`, in the order of their numbers."""
    parameters = {"by_user_id": user_id, "since": since, "fetch": fetch}
    row = await session.row(changes_statement(resources), parameters)
    items = row.lines.split(b"\n") if row.lines else []
    if row.epoch is None:
        return Changes(Head(), 0, items)
    return Changes(Head(row.epoch, row.seq), row.purged_seq, items)


@lru_cache(maxsize=256)
def changes_statement(resources: Resources) -> Select[Any]:
    """The statement: epoch, seq, purged_seq, lines.

    One range of one index for each table, read no further than the page could reach into it.
    """
    merged = union_all(*map(_changed, resources)).order_by("seq").limit(FETCH).subquery("page")
    return select(
        *(_of_head(name) for name in ("epoch", "seq", "purged_seq")),
        select(json_lines(merged.c.line)).scalar_subquery().label("lines"),
    )


def changes_plan(resources: Iterable[Resource[Any]]) -> ListPlan:
    """The statement for who looks at its plan; it merges what each table has in order."""
    statement = changes_statement(tuple(resources))
    return ListPlan("/changes", "since", statement, {"since": 0, "fetch": 1}, in_order=False)


def _of_head(name: str) -> ColumnElement[Any]:
    return select(HEADS.c[name]).where(by_user(HEADS)).scalar_subquery().label(name)


def _changed(resource: Resource[Any]) -> Select[Any]:
    """The table's share: seq, and the change's JSON."""
    table = resource.table
    after = bindparam("since", type_=table.c.seq.type)
    names = dict.fromkeys((*resource.columns, "seq"))
    page = (
        select(*(table.c[name] for name in names))
        .where(by_user(table), table.c.seq > after)
        .order_by(table.c.seq)
        .limit(FETCH)
        .subquery(f"{table.name}_page")
    )
    row = json_row(*(page.c[name] for name in resource.columns))
    opening = literal_column(f"""'{{"type":"{table.name}","row":'""", Text())
    line = opening.concat(row).concat(literal_column("'}'", Text()))
    return select(page.c.seq, type_coerce(line, Text()).label("line"))
