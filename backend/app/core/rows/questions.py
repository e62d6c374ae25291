"""What a list's query string asks, in the names of its sorts and filters: what is the same in every list."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.days import parse_bound
from app.core.http.query_strings import ListQuery
from app.core.ids import first_id_at
from app.core.rows.pages import Listing, Question
from app.core.text import fold

Filter = tuple[str, dict[str, object]]
"""The name of a filter, and the parameters that it takes."""


def question_from(
    listing: Listing[Any],
    query: ListQuery,
    filters: Iterable[Filter],
    representation: str | None,
    *,
    start: tuple[Any, ...] | None = None,
    include: Iterable[str] = (),
) -> Question:
    """The list that a query string asks for: live or in the trash, and what `filters` say."""
    found = [("trashed" if query.trash else "live", {}), *filters]
    parameters = {name: value for _, values in found for name, value in values.items()}
    return Question(
        sort=query.sort,
        filters=tuple(name for name, _ in found),
        parameters=parameters,
        asked=(listing.resource.path, query.without_page()),
        representation=representation,
        start=start or _start(query.sort, parameters),
        include=tuple(include),
    )


def by_flag(wanted: bool | None, yes: str, no: str) -> list[Filter]:
    """The filter that a yes or no asks for."""
    return [] if wanted is None else [(yes if wanted else no, {})]


def by_text(wanted: str | None) -> list[Filter]:
    """The filter `q`."""
    return [("q", {"wanted": fold(wanted)})] if wanted else []


def by_reference(name: str, wanted: list[str]) -> list[Filter]:
    """The filter of a reference: of the ids and `none` that are wanted, any."""
    ids = sorted({id_.lower() for id_ in wanted if id_ != "none"})
    if not ids:
        return [(f"no_{name}", {})] if wanted else []
    return [(f"{name}_or_none" if "none" in wanted else name, {f"{name}_ids": ids})]


def by_creation(created_from: str | None, created_to: str | None, zone: ZoneInfo) -> list[Filter]:
    """The filters of the range of creation. Raises InvalidError where a bound is no day and no instant."""
    found: list[Filter] = []
    for name, text in (("created_from", created_from), ("created_to", created_to)):
        if text is not None:
            bound = parse_bound(name, text, zone, through=name.endswith("_to"))
            found.append((name, {f"{name}_id": first_id_at(bound.instant)}))
    return found


def _start(sort: str, parameters: dict[str, object]) -> tuple[UUID] | None:
    """Where the range of creation begins, in the order of creation.

    SQLite walks an index from one bound only: from the start of all rows, it would pass by those outside.
    """
    if sort == "-created_at" and isinstance(end := parameters.get("created_to_id"), UUID):
        return (end,)
    if sort == "created_at" and isinstance(start := parameters.get("created_from_id"), UUID):
        return (UUID(int=max(start.int - 1, 0)),)
    return None
