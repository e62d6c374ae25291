"""What the tests of settings say again and again."""

from typing import Any

import httpx

CONFIG = "/api/v1/config"
Setting = dict[str, Any]

FREE = "app.theme"
"""A key that is a frontend's own."""


def at(key: str) -> str:
    """Where a setting is."""
    return f"{CONFIG}/{key}"


async def put(client: httpx.AsyncClient, key: str, value: Any, **headers: str) -> httpx.Response:
    """What comes of setting it; headers are named with `_` for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return await client.put(at(key), json={"value": value}, headers=named)


async def add(client: httpx.AsyncClient, key: str, value: Any = "dark") -> Setting:
    """A new setting of theirs."""
    answer = await put(client, key, value)
    assert answer.status_code == 201, answer.text
    setting: Setting = answer.json()
    return setting


async def put_text(client: httpx.AsyncClient, key: str, value: bytes) -> httpx.Response:
    """What comes of setting it to this very JSON."""
    headers = {"Content-Type": "application/json"}
    return await client.put(at(key), content=b'{"value":%b}' % value, headers=headers)


async def keys(client: httpx.AsyncClient, **query: str) -> list[str]:
    """The keys in a list."""
    answer = await client.get(CONFIG, params=query)
    assert answer.status_code == 200, answer.text
    return [setting["key"] for setting in answer.json()["items"]]
