"""What the tests of changes say again and again."""

from typing import Any

import httpx
from litestar import Litestar
from sqlalchemy import bindparam, update

from app.core.rows.statements import HEADS
from tests.api.kinds import KINDS

CHANGES = "/api/v1/changes"
Json = dict[str, Any]


async def changes(client: httpx.AsyncClient, **query: Any) -> Json:
    """A page of their changes."""
    answer = await client.get(CHANGES, params=query)
    assert answer.status_code == 200, answer.text
    page: Json = answer.json()
    return page


async def load(client: httpx.AsyncClient, since: str | None = None, **query: Any) -> tuple[list[Json], str]:
    """All their changes after a cursor, page by page, and the cursor after them."""
    items: list[Json] = []
    while True:
        page = await changes(client, **({"since": since} if since else {}), **query)
        items += page["items"]
        since = page["next"]
        if not page["more"]:
            return items, since


async def add_one_of_each(client: httpx.AsyncClient) -> None:
    """A row of every kind, and a setting."""
    for kind in KINDS:
        await kind.add(client)
    answer = await client.put("/api/v1/config/app.theme", json={"value": {"dark": True, "sizes": [1, 1.5]}})
    assert answer.status_code == 201


def seqs(items: list[Json]) -> list[int]:
    return [item["row"]["seq"] for item in items]


async def set_head(app: Litestar, user_id: str, **values: object) -> None:
    """What a purge, a restored backup or a new life leaves in a person's head."""
    statement = update(HEADS).where(HEADS.c.user_id == bindparam("whose")).values(values)
    async with app.state.database.engine.begin() as connection:
        await connection.execute(statement, {"whose": user_id})
