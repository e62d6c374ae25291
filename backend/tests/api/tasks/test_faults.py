"""Refusals tell enough to mend the request from them alone."""

import tracemalloc

import httpx
import pytest

from app.api.tasks.schemas import TaskNew
from app.core.errors import InvalidError
from app.core.http.bodies import BODY_MAX, decode_body
from tests.api.tasks.calls import TASKS


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("priority", "High", "Expected one of high, low, medium, none, urgent"),
        ("title", 5, "Expected a string, got an integer"),
        ("completed", "true", "Expected true or false, got a string"),
        ("due_on", "01.05.2026", "Expected a day such as 2026-05-01"),
        ("due_at", "2026-05-01T09:00:00", "Expected an instant with its zone such as 2026-05-01T09:00:00Z"),
        ("due_at", "soon", "Expected an instant with its zone such as 2026-05-01T09:00:00Z"),
        ("tags", "home", "Expected an array, got a string"),
        ("id", "1", "Expected a UUID"),
        ("title", "a\x00b", "Expected text without NUL characters"),
    ],
)
async def test_a_refused_value_is_told_what_would_do(
    alice: httpx.AsyncClient, field: str, value: object, message: str
) -> None:
    answer = await alice.post(TASKS, json={"title": "Water", field: value})
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["message"]) for fault in answer.json()["errors"]] == [
        (f"/{field}", message)
    ]


async def test_all_unknown_names_are_told_at_once(alice: httpx.AsyncClient) -> None:
    body = await alice.post(TASKS, json={"title": "Water", "seq": 1, "color": "red"})
    query = await alice.get(TASKS, params={"color": "red", "limit": 5, "size": 1})
    for answer, pointers in ((body, ["/seq", "/color"]), (query, ["/color", "/size"])):
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers


async def test_choices_of_a_query_are_told(alice: httpx.AsyncClient) -> None:
    answer = await alice.get(TASKS, params={"due": "tomorrow"})
    (fault,) = answer.json()["errors"]
    assert fault["message"] == "Expected one of none, overdue, today, upcoming"
    (fault,) = (await alice.get(TASKS, params=[("priority", "low"), ("priority", "x")])).json()["errors"]
    assert fault == {
        "pointer": "/priority/1",
        "code": "invalid",
        "message": "Expected one of high, low, medium, none, urgent",
    }


def test_a_wide_body_with_half_a_character_costs_its_size_not_its_square() -> None:
    width = BODY_MAX // 3
    body = b'{"title":"\\ud800","%b":[%b0]}' % (b"k" * width, b"0," * width)
    tracemalloc.start()
    with pytest.raises(InvalidError) as refused:
        decode_body(body, TaskNew)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.errors[0].pointer == "/title"
    assert peak < 100 * BODY_MAX
