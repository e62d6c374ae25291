"""Arbitrary input: never a 5xx, and what is accepted comes back as it was sent."""

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.models.task import ESTIMATE_MAX
from tests.api.tasks.calls import TASKS, at, id_at, instant, milliseconds_now

# The service stays the same for all examples: each is one more request to it.
many = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON_TYPE = {"Content-Type": "application/json"}
WHERE = f"{TASKS}/{id_at(1)}"

characters = st.characters(exclude_categories=())
texts = st.text(characters, max_size=40) | st.text(characters, min_size=490, max_size=510)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
plausible: dict[str, st.SearchStrategy[Any]] = {
    "title": st.text(min_size=1, max_size=60),
    "description": st.none() | st.text(max_size=200),
    "completed": st.booleans(),
    "priority": st.sampled_from(["none", "low", "medium", "high", "urgent"]),
    "due_on": st.none() | st.dates(date(1960, 1, 1)).map(date.isoformat),
    "due_at": st.none() | st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    "tags": st.lists(st.text(min_size=1, max_size=70), max_size=5),
    "estimate_seconds": st.none() | st.integers(-1, ESTIMATE_MAX + 1),
    "id": st.uuids().map(str) | st.integers(0, milliseconds_now()).map(id_at),
}
likely_tasks = st.fixed_dictionaries(
    {"title": plausible["title"]}, optional={name: plausible[name] for name in plausible if name != "title"}
)
strange_tasks = st.fixed_dictionaries(
    {}, optional={name: plausible[name] | values for name in plausible} | {"other": values}
)
bodies = st.one_of(likely_tasks, strange_tasks, values)
spliced = st.builds(
    lambda body, place, noise, length: body[:place] + noise + body[place + length :],
    likely_tasks.map(lambda body: json.dumps(body, ensure_ascii=False).encode()),
    st.integers(0, 60),
    st.binary(max_size=4),
    st.integers(0, 4),
)


def meaning(name: str, value: Any) -> Any:
    """A value, equal to another where it means the same."""
    if name == "due_at" and value:
        return instant(value)
    return UUID(value) if name == "id" else value


def assert_refused_or_kept(answer: httpx.Response, sent: Any) -> None:
    assert answer.status_code in (200, 201, 400, 409, 422), answer.text
    task = answer.json()
    if answer.is_success:
        assert {name: meaning(name, task[name]) for name in sent} == {
            name: meaning(name, value) for name, value in sent.items()
        }
    else:
        assert (task["status"], answer.headers["content-type"]) == (
            answer.status_code,
            "application/problem+json",
        )


@many
@given(body=bodies)
async def test_any_json_is_created_as_sent_or_refused(alice: httpx.AsyncClient, body: Any) -> None:
    answer = await alice.post(TASKS, content=json.dumps(body), headers=JSON_TYPE)
    assert_refused_or_kept(answer, body)
    if answer.status_code == 201:
        assert (await alice.get(at(answer.json()))).content == answer.content


@many
@given(body=bodies)
async def test_any_json_is_put_as_sent_or_refused(alice: httpx.AsyncClient, body: Any) -> None:
    assert_refused_or_kept(await alice.put(WHERE, content=json.dumps(body), headers=JSON_TYPE), body)


@many
@given(body=bodies)
async def test_any_json_is_patched_as_sent_or_refused(alice: httpx.AsyncClient, body: Any) -> None:
    await alice.put(WHERE, json={"title": "Water"})
    answer = await alice.patch(WHERE, content=json.dumps(body), headers=JSON_TYPE)
    cleared = {"priority": "none", "tags": []}
    if isinstance(body, dict):
        body = {name: cleared.get(name) if value is None else value for name, value in body.items()}
    assert_refused_or_kept(answer, body)


@many
@given(body=st.binary(max_size=200) | spliced)
async def test_any_bytes_are_refused_or_a_task(alice: httpx.AsyncClient, body: bytes) -> None:
    for answer in (
        await alice.post(TASKS, content=body, headers=JSON_TYPE),
        await alice.put(WHERE, content=body, headers=JSON_TYPE),
        await alice.patch(WHERE, content=body, headers=JSON_TYPE),
    ):
        assert answer.status_code in (200, 201, 400, 404, 409, 422), answer.text


@many
@given(name=st.sampled_from(["If-Match", "If-None-Match", "Content-Type"]), value=st.binary(max_size=60))
async def test_any_header_is_understood_or_refused(alice: httpx.AsyncClient, name: str, value: bytes) -> None:
    headers = [(b"Content-Type", b"application/json"), (name.encode(), value)]
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        request = alice.build_request(method, WHERE, content=b'{"title":"Water"}', headers=headers)
        answer = await alice.send(request)
        assert answer.status_code in (200, 201, 204, 304, 400, 404, 409, 412, 415), answer.text
