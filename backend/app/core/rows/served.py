"""The statements of every list that the service can be asked for, for who looks at their plans."""

from collections.abc import Iterator
from typing import Any

from app.core.db.verify.lists import ListPlan
from app.core.rows.pages import Listing, page_statement

STATES = ("live", "trashed")


def list_plans(listing: Listing[Any]) -> Iterator[ListPlan]:
    """The statements of a listing: each sort of what is live and of what is in the trash, and each filter.

    A filter is asked for in the listing's first order, which an index has; another order sorts one
    person's rows, with a filter or without.
    """
    states = [name for name in STATES if name in listing.filters]
    for sort in listing.sorts:
        for state in states:
            yield _plan(listing, sort, (state,))
    for name in listing.filters:
        if name not in STATES:
            yield _plan(listing, next(iter(listing.sorts)), ("live", name))


def _plan(listing: Listing[Any], name: str, filters: tuple[str, ...]) -> ListPlan:
    sort = listing.sorts[name]
    return ListPlan(
        resource=listing.resource.path,
        name=f"sort={name} {' '.join(filters)}",
        statement=page_statement(listing, name, filters, False),
        parameters={f"after_{place}": key for place, key in enumerate(sort.first)},
        in_order=sort.served,
    )
