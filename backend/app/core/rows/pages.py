"""One page of a list in one statement: the person's head, and the page unless that head is known.

Keyset pagination: a page starts after the sort keys of the last row of the page before, so it costs
the same however deep it lies, and rows that come or go in between move nothing. The bounds are
always bound; the first page binds values before every row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Generic

import msgspec
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    bindparam,
    func,
    literal,
    select,
    tuple_,
)

from app.core.db.session import Session
from app.core.http.etags import heads_of, list_tag
from app.core.http.query_strings import PageQuery
from app.core.rows.cursors import decode_cursor, encode_cursor, question_of
from app.core.rows.render import json_lines, json_row
from app.core.rows.resources import Out, Resource
from app.core.rows.sorts import Sort
from app.core.rows.statements import by_user, head_columns, head_of, known_head, unless_known


@dataclass(frozen=True, eq=False)
class Listing(Generic[Out]):
    """What lists of a resource can be asked for: sorts, filters, and what else to tell of a row, by name.

    `extras` make, of the rows of a page, columns that are told beside each row's own. `told` makes those
    that are told in place of them, where what is listed is not the rows but something about them.
    """

    resource: Resource[Out]
    sorts: dict[str, Sort[Out]]
    filters: dict[str, ColumnElement[bool]]
    extras: Mapping[str, Callable[[FromClause], list[ColumnElement[Any]]]] = field(default_factory=dict)
    told: Callable[[FromClause], list[ColumnElement[Any]]] = lambda page: list(page.c)

    @cached_property
    def everything(self) -> ColumnElement[bool]:
        """A condition that every row meets and the primary key serves.

        SQLite, asked for all rows of a person, takes the index made last and jumps about the table: six
        times slower with 200,000 rows.
        """
        key = self.resource.table.c[self.resource.key]
        return key >= literal(self.resource.least_key, key.type)


@dataclass(frozen=True)
class Question:
    """A list as asked for: the names of its sort and filters, and the filters' parameters.

    `asked` is the list's path and the client's own wording, which cursors are bound to. `representation`
    is what the list's tag covers beside the head; None where the list can have no tag. `start` are the
    keys that the first page starts after, where the filters allow a nearer start than before every row.
    `include` names the listing's extras that are wanted.
    """

    sort: str
    filters: tuple[str, ...]
    parameters: dict[str, object]
    asked: object
    representation: str | None
    start: tuple[Any, ...] | None = None
    include: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Stands for the question in cursors."""
        return question_of(self.asked)


@dataclass(frozen=True)
class Page:
    """A page: its tag, if it can have one, and its JSON; no body where the asker's copy is still good."""

    tag: str | None
    body: bytes | None


async def read_page(
    session: Session,
    user_id: str,
    listing: Listing[Out],
    question: Question,
    query: PageQuery,
    if_none_match: list[str],
) -> Page:
    """At most `query.limit` rows after `query.cursor`; no body where If-None-Match names the present state.

    Raises MalformedError for a cursor that this question did not give.
    """
    known = heads_of(if_none_match, question.representation) if question.representation else []
    keys = _keys_before(listing.sorts[question.sort], question, query.cursor)
    parameters = {
        **question.parameters,
        **{f"after_{place}": key for place, key in enumerate(keys)},
        "by_user_id": user_id,
        "fetch": query.limit + 1,
        **known_head(known),
    }
    statement = page_statement(listing, question.sort, question.filters, query.total, question.include)
    row = await session.row(statement, parameters)
    head = head_of(row)
    tag = list_tag(question.representation, head) if question.representation else None
    if head in known or if_none_match == ["*"]:
        return Page(tag, None)
    return Page(tag, _body(row.lines or b"", query, listing, question, row.total if query.total else None))


def _keys_before(sort: Sort[Any], question: Question, cursor: str | None) -> tuple[Any, ...]:
    """The keys that the page starts after."""
    if cursor is None:
        return question.start or sort.first
    keys: tuple[Any, ...] = decode_cursor(cursor, question.digest, sort.type, sort.least, sort.greatest)
    return keys


def _body(
    lines: bytes, query: PageQuery, listing: Listing[Out], question: Question, total: int | None
) -> bytes:
    """The page's JSON: `items`, `next_cursor`, and `total` where it was asked for."""
    next_cursor = b"null"
    if lines.count(b"\n") >= query.limit:
        lines = lines[: lines.rindex(b"\n")]
        last = msgspec.json.decode(lines[lines.rfind(b"\n") + 1 :], type=listing.resource.out)
        keys = listing.sorts[question.sort].keys_of(last)
        next_cursor = b'"%b"' % encode_cursor(question.digest, keys).encode()
    counted = b"" if total is None else b',"total":%d' % total
    return b'{"items":[%b],"next_cursor":%b%b}' % (lines.replace(b"\n", b","), next_cursor, counted)


@lru_cache(maxsize=512)
def page_statement(
    listing: Listing[Any],
    sort_name: str,
    filters: tuple[str, ...],
    total: bool,
    include: tuple[str, ...] = (),
) -> Select[Any]:
    """The statement of a page: epoch, seq, lines (the rows' JSON, one more than the page), total.

    One snapshot for the head and the page. Where the head is the known one no row is read.
    """
    table = listing.resource.table
    sort = listing.sorts[sort_name]
    matching = [listing.filters[name] for name in filters]
    # Of several bounds on one column SQLite starts from the one named first: the nearest must be it.
    after = _after(sort)
    conditions = [after, *matching] if sort.served else [*matching, listing.everything, after]
    page = (
        select(*(table.c[name] for name in listing.resource.columns))
        .where(by_user(table), *conditions)
        .order_by(*(key.desc() if sort.descending else key.asc() for key in sort.keys))
        .limit(bindparam("fetch", type_=table.c.seq.type))
        .subquery("page")
    )
    told = [*listing.told(page), *(column for name in include for column in listing.extras[name](page))]
    columns: list[ColumnElement[Any]] = [
        *head_columns(),
        unless_known(select(json_lines(json_row(*told)))).label("lines"),
    ]
    if total:
        counted = (by_user(table), *matching, listing.everything)
        count = select(func.count()).select_from(table).where(*counted)
        columns.append(unless_known(count).label("total"))
    return select(*columns)


def _after(sort: Sort[Any]) -> ColumnElement[bool]:
    bounds = [bindparam(f"after_{place}", type_=key.type) for place, key in enumerate(sort.keys)]
    if len(bounds) == 1:
        return sort.keys[0] < bounds[0] if sort.descending else sort.keys[0] > bounds[0]
    keys, after = tuple_(*sort.keys), tuple_(*bounds)
    return keys < after if sort.descending else keys > after
