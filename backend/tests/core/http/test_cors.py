"""Pages of other origins: exactly those that the settings name may call and read."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.service import client_of, running, settings_for

TASKS = "/api/v1/tasks"
APP = "https://app.example.com"
LOCAL = "http://localhost:5173"
STRANGERS = [
    "https://app.example.com.evil.com",
    "https://evil-app.example.com",
    "https://appxexample.com",
    "https://sub.app.example.com",
    "https://app.example.com:8443",
    "https://app.example.co",
    "https://APP.example.com",
    "http://app.example.com",
    "https://app.example.com/",
    "http://localhost",
    "null",
    "*",
    "",
    "https://é.example.com",
]
READABLE = "ETag, Location, Retry-After, X-Request-ID, Idempotency-Replayed"
ASKED = "authorization, content-type, if-match, if-none-match, idempotency-key, last-event-id, x-request-id"
PREFLIGHT = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": ASKED}


def cors_of(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.fixture
async def page(sqlite_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A page in alice's browser."""
    settings = settings_for(sqlite_database_url, cors_origins=f"{APP},{LOCAL}")
    async with running(settings) as app, client_of(app, "alice") as client:
        yield client


@pytest.mark.parametrize("origin", [APP, LOCAL])
async def test_a_named_origin_may_read_answers_and_errors(page: httpx.AsyncClient, origin: str) -> None:
    for path in (TASKS, "/health", "/nowhere", f"{TASKS}?limit=0", "/schema/openapi.json"):
        told = cors_of(await page.get(path, headers={"Origin": origin}))
        assert told == {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": READABLE,
        }


@pytest.mark.parametrize("origin", STRANGERS)
async def test_no_other_origin_may_read_anything(page: httpx.AsyncClient, origin: str) -> None:
    headers = httpx.Headers({**PREFLIGHT, "Origin": origin}, encoding="utf-8")
    answers = [await page.get(TASKS, headers=headers), await page.get("/nowhere", headers=headers)]
    answers.append(await page.options(TASKS, headers=headers))
    assert [cors_of(answer) for answer in answers] == [{}, {}, {}]


async def test_two_origins_are_none(page: httpx.AsyncClient) -> None:
    answer = await page.get(TASKS, headers=[("Origin", APP), ("Origin", "https://evil.com")])
    assert cors_of(answer) == {}


async def test_a_preflight_needs_no_token_and_learns_what_it_may_send(page: httpx.AsyncClient) -> None:
    del page.headers["authorization"]
    answer = await page.options("/nowhere", headers={**PREFLIGHT, "Origin": APP})
    assert answer.status_code == 404
    path = f"{TASKS}/01900000-0000-7000-8000-000000000000"
    answer = await page.options(path, headers={**PREFLIGHT, "Origin": APP})
    assert answer.status_code == 204
    told = cors_of(answer)
    assert told["access-control-allow-origin"] == APP
    assert told["access-control-allow-methods"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert set(told["access-control-allow-headers"].lower().split(", ")) == set(ASKED.split(", "))
    assert told["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in told


async def test_whoever_asks_the_answer_varies_by_origin(page: httpx.AsyncClient) -> None:
    for headers in ({}, {"Origin": APP}, {"Origin": "https://evil.com"}):
        assert (await page.get(TASKS, headers=headers)).headers["vary"] == "Authorization, Origin"
        assert (await page.get("/health", headers=headers)).headers["vary"] == "Origin"


async def test_without_origins_there_is_no_cors(sqlite_database_url: str) -> None:
    async with running(settings_for(sqlite_database_url)) as app, client_of(app, "alice") as page:
        assert cors_of(await page.get(TASKS, headers={"Origin": APP})) == {}
        assert cors_of(await page.options(TASKS, headers={**PREFLIGHT, "Origin": APP})) == {}
