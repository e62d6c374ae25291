"""Every kind of row that is served, found as the service finds it: for what all of them promise."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from litestar import Controller
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct
from sqlalchemy import Text

from app.api import controllers
from app.core.http.answers import API_PATH
from app.core.rows.pages import Listing
from app.core.rows.resources import Resource

NUMBERS = count(1)
Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of row: what its controller works with, and the example that its document gives."""

    resource: Resource[Any]
    listing: Listing[Any]
    page: type[Struct]
    example: Row

    @property
    def where(self) -> str:
        """The path of the list."""
        return API_PATH + self.resource.path

    @property
    def text(self) -> str:
        """A text of its that clients set, which is unique where one is."""
        return self.resource.unique or next(iter(self.resource.folds))

    @property
    def needs_text(self) -> bool:
        """Whether that text must be there."""
        return not self.resource.table.c[self.text].nullable

    @property
    def optional(self) -> tuple[str, ...]:
        """The texts of its that clients set and may leave out."""
        columns, body = self.resource.table.c, self.resource.put
        names = body.__struct_fields__ if body else ()
        return tuple(
            name for name in names if isinstance(columns[name].type, Text) and columns[name].nullable
        )

    @property
    def least(self) -> Row:
        """A body of no more than there must be."""
        names = (self.text, "name") if self.needs_text else ("started_at", "ended_at")
        return {name: value for name, value in self.draft().items() if name in names}

    def at(self, row: Row) -> str:
        """Where a row is."""
        return f"{self.where}/{row['id']}"

    def draft(self, **fields: Any) -> Row:
        """The example as a body; its text is like no other's."""
        return self.example | {self.text: f"{self.example[self.text]} {next(NUMBERS):04}"} | fields

    async def add(self, client: httpx.AsyncClient, **fields: Any) -> Row:
        """A new row of theirs."""
        answer = await client.post(self.where, json=self.draft(**fields))
        assert answer.status_code == 201, answer.text
        row: Row = answer.json()
        return row

    async def list(self, client: httpx.AsyncClient, **query: str) -> list[Row]:
        """The rows in a list of theirs."""
        answer = await client.get(self.where, params=query)
        assert answer.status_code == 200, answer.text
        rows: list[Row] = answer.json()["items"]
        return rows


def kinds() -> Iterator[Kind]:
    """Every kind with ids whose controller has a resource and its listing."""
    for controller in controllers():
        names = vars(sys.modules[controller.__module__]).values()
        resources = [value for value in names if isinstance(value, Resource) and value.key == "id"]
        for listing in names:
            if isinstance(listing, Listing) and listing.resource in resources:
                page = next(value for value in names if getattr(value, "__name__", "").endswith("Page"))
                yield Kind(listing.resource, listing, page, example_of(controller))


def example_of(controller: type[Controller]) -> Row:
    """The body that the document gives as an example for creating one."""
    handlers = [value for value in vars(controller).values() if isinstance(value, HTTPRouteHandler)]
    [example] = [
        handler.opt["example"]
        for handler in handlers
        if "POST" in handler.http_methods and "example" in handler.opt
    ]
    found: Row = example
    return found


KINDS = list(kinds())


def id_of(kind: Kind) -> str:
    """The kind's name, for pytest's lines."""
    return kind.resource.name
