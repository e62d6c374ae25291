"""Strict input: what a task can't be is refused with the place of it, and leaves nothing behind."""

from typing import Any

import httpx
import pytest

from app.models.task import DESCRIPTION_MAX, ESTIMATE_MAX, TITLE_MAX
from app.models.types import TAG_MAX, TAGS_MAX
from tests.api.tasks.calls import TASKS, add, at, titles

VERBS = ["POST", "PUT", "PATCH"]
LIGATURE = "\N{LATIN SMALL LIGATURE FFI}"
"""No character becomes longer when it is folded."""

Fields = dict[str, Any]

INVALID: dict[str, tuple[Fields, str]] = {
    "unknown field": ({"color": "red"}, "/color"),
    "unknown field, odd name": ({"a/b~c": 1}, "/a~1b~0c"),
    "unknown field, no name": ({"": 1}, "/"),
    "field of the app's": ({"user_id": "bob"}, "/user_id"),
    "field that is derived": ({"completed_at": "2026-05-01T12:00:00Z"}, "/completed_at"),
    "title is null": ({"title": None}, "/title"),
    "title is a number": ({"title": 5}, "/title"),
    "title is a list": ({"title": ["Water"]}, "/title"),
    "title is empty": ({"title": ""}, "/title"),
    "title is too long": ({"title": "x" * (TITLE_MAX + 1)}, "/title"),
    "title has a NUL": ({"title": "Wa\0ter"}, "/title"),
    "title ends in a NUL": ({"title": "Water\0\n"}, "/title"),
    "description is a bool": ({"description": False}, "/description"),
    "description is too long": ({"description": "x" * (DESCRIPTION_MAX + 1)}, "/description"),
    "description has a NUL": ({"description": "\0"}, "/description"),
    "completed is a word": ({"completed": "true"}, "/completed"),
    "completed is a number": ({"completed": 1}, "/completed"),
    "completed is null": ({"completed": None}, "/completed"),
    "priority is unknown": ({"priority": "huge"}, "/priority"),
    "priority in capitals": ({"priority": "HIGH"}, "/priority"),
    "priority is a rank": ({"priority": 3}, "/priority"),
    "day is an instant": ({"due_on": "2026-05-01T12:00:00Z"}, "/due_on"),
    "day is a number": ({"due_on": 20260501}, "/due_on"),
    "day is empty": ({"due_on": ""}, "/due_on"),
    "no such day": ({"due_on": "2026-02-29"}, "/due_on"),
    "day before 1970": ({"due_on": "1969-12-31"}, "/due_on"),
    "day after 9998": ({"due_on": "9999-01-01"}, "/due_on"),
    "instant without a zone": ({"due_at": "2026-05-01T12:00:00"}, "/due_at"),
    "instant is a day": ({"due_at": "2026-05-01"}, "/due_at"),
    "instant is a number": ({"due_at": 1777636800}, "/due_at"),
    "instant in a number's text": ({"due_at": "1777636800"}, "/due_at"),
    "instant before 1970": ({"due_at": "1970-01-01T00:00:00+00:01"}, "/due_at"),
    "instant after 9998": ({"due_at": "9998-12-31T23:59:59-00:01"}, "/due_at"),
    "instant rounded out of 9998": ({"due_at": "9998-12-31T23:59:59.9999999Z"}, "/due_at"),
    "first instant": ({"due_at": "0001-01-01T00:00:00+23:59"}, "/due_at"),
    "last instant": ({"due_at": "9999-12-31T23:59:59-23:59"}, "/due_at"),
    "no such minute": ({"due_at": "2026-05-01T12:60:00Z"}, "/due_at"),
    "tags are a text": ({"tags": "home"}, "/tags"),
    "tags are an object": ({"tags": {"home": True}}, "/tags"),
    "tags are too many": ({"tags": [str(n) for n in range(TAGS_MAX + 1)]}, "/tags"),
    "tags are twice the same": ({"tags": ["home", "work", "home"]}, "/tags"),
    "a tag is a number": ({"tags": ["home", 5]}, "/tags/1"),
    "a tag is null": ({"tags": [None]}, "/tags/0"),
    "a tag is empty": ({"tags": ["home", ""]}, "/tags/1"),
    "a tag is too long": ({"tags": ["x" * (TAG_MAX + 1)]}, "/tags/0"),
    "a tag has a NUL": ({"tags": ["home", "work", "\0"]}, "/tags/2"),
    "an estimate is a text": ({"estimate_seconds": "600"}, "/estimate_seconds"),
    "an estimate is a bool": ({"estimate_seconds": True}, "/estimate_seconds"),
    "an estimate has a fraction": ({"estimate_seconds": 0.5}, "/estimate_seconds"),
    "an estimate is negative": ({"estimate_seconds": -1}, "/estimate_seconds"),
    "an estimate is too long": ({"estimate_seconds": ESTIMATE_MAX + 1}, "/estimate_seconds"),
    "a huge estimate": ({"estimate_seconds": 10**400}, "/estimate_seconds"),
    "a huge number": ({"title": 10**400}, "/title"),
    "a huge fraction": ({"title": 1e308}, "/title"),
}
NOT_AN_OBJECT = [[], [{"title": "Water"}], True, 0, 1.5, "title", ""]

VALID: dict[str, Fields] = {
    "one character": {"title": "x"},
    "longest title": {"title": "x" * TITLE_MAX},
    "longest title when folded": {"title": LIGATURE * TITLE_MAX},
    "longest title in bytes": {"title": "\N{SEEDLING}" * TITLE_MAX},
    "blanks and line ends": {"title": " \t\r\n\u2028 "},
    "control characters": {"title": "".join(map(chr, range(1, 32))) + "\x7f\x80\x9f"},
    "characters of JSON, HTML and SQL": {"title": "\"\\/</script>&'%_;--$1?:x"},
    "the ends of Unicode": {"title": "\x01\ud7ff\ue000\ufffd\ufffe\uffff\U00010000\U0010ffff"},
    "decomposed": {"title": "e\u0301 \u1112\u1161\u11ab"},
    "longest description": {"description": LIGATURE * DESCRIPTION_MAX},
    "empty description": {"description": ""},
    "most tags, longest in JSON": {"tags": ["\x01" * (TAG_MAX - 1) + chr(n + 1) for n in range(TAGS_MAX)]},
    "shortest estimate": {"estimate_seconds": 0},
    "longest estimate": {"estimate_seconds": ESTIMATE_MAX},
    "first day": {"due_on": "1970-01-01"},
    "last day": {"due_on": "9998-12-31"},
    "first instant": {"due_at": "1970-01-01T00:00:00Z"},
    "last instant": {"due_at": "9998-12-31T23:59:59.999999Z"},
}


@pytest.fixture(params=VERBS)
def verb(request: pytest.FixtureRequest) -> str:
    """Each verb that takes a body."""
    name: str = request.param
    return name


async def send(client: httpx.AsyncClient, verb: str, task: Fields, body: object) -> httpx.Response:
    """The body, to where this verb takes it."""
    return await client.request(verb, TASKS if verb == "POST" else at(task), json=body)


def pointed_at(answer: httpx.Response) -> tuple[int, str, str]:
    """The status, the media type, and the one place that a refusal points at."""
    pointer = ", ".join(fault["pointer"] for fault in answer.json().get("errors", []))
    return answer.status_code, answer.headers["content-type"], pointer


async def test_what_a_task_cannot_be_is_refused_with_its_place(alice: httpx.AsyncClient, verb: str) -> None:
    task = await add(alice)
    said = {
        name: pointed_at(await send(alice, verb, task, {"title": "Pay the rent"} | fields))
        for name, (fields, _) in INVALID.items()
    }
    assert said == {
        name: (422, "application/problem+json", pointer) for name, (_, pointer) in INVALID.items()
    }
    assert await titles(alice) == ["Water the plants"]


async def test_a_body_that_is_no_object_is_refused(alice: httpx.AsyncClient, verb: str) -> None:
    task = await add(alice)
    for body in NOT_AN_OBJECT:
        answer = await send(alice, verb, task, body)
        assert pointed_at(answer) == (422, "application/problem+json", ""), body
        assert len(answer.json()["errors"]) == 1


@pytest.mark.parametrize("verb", ["POST", "PUT"])
async def test_a_title_is_required(alice: httpx.AsyncClient, verb: str) -> None:
    answer = await send(alice, verb, await add(alice), {"completed": True})
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [
        ("/title", "required")
    ]


@pytest.mark.parametrize("id_", ["", "1", "not a UUID", 5, None, ["a"], "0" * 31, "g" * 32])
async def test_an_id_that_is_no_uuid_is_refused(alice: httpx.AsyncClient, id_: object) -> None:
    answer = await alice.post(TASKS, json={"title": "Water", "id": id_})
    assert pointed_at(answer) == (422, "application/problem+json", "/id")


async def test_what_a_task_can_be_comes_back_to_the_letter(alice: httpx.AsyncClient, verb: str) -> None:
    task = await add(alice)
    for name, fields in VALID.items():
        answer = await send(alice, verb, task, {"title": "Water", "due_on": None, "due_at": None} | fields)
        assert answer.is_success, (name, answer.text)
        read = await alice.get(at(answer.json()))
        assert read.content == answer.content
        assert {field: read.json()[field] for field in fields} == fields, name
