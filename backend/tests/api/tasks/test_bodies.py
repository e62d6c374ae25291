"""Bodies as bytes: of the right type, size and encoding, or refused in the right words; never a 500."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.core.http.bodies import BODY_MAX
from tests.api.tasks.calls import TASKS, add, at, titles

JSON_TYPE = {"Content-Type": "application/json"}
BODY = b'{"title":"Water"}'
DEEP = 100_000

MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n",
    "not JSON": b"title=Water",
    "cut short": b'{"title":"Wa',
    "half an object": b'{"title":',
    "two objects": BODY + BODY,
    "byte order mark": b"\xef\xbb\xbf" + BODY,
    "UTF-16": BODY.decode().encode("utf-16"),
    "UTF-32": BODY.decode().encode("utf-32-be"),
    "UTF-16, lone surrogate": '{"title":"\\ud800"}'.encode("utf-16-le"),
    "not UTF-8": b'{"title":"\xff"}',
    "not UTF-8, in a name": b'{"t\xc3":1}',
    "a surrogate in UTF-8": b'{"title":"\xed\xa0\x80"}',
    "a long form in UTF-8": b'{"title":"\xc0\x80"}',
    "NaN": b'{"title":NaN}',
    "infinity": b'{"title":-Infinity}',
    "a comment": b'{"title":"Water"/**/}',
    "a comma too many": b'{"title":"Water",}',
    "single quotes": b"{'title':'Water'}",
    "a bare line end": b'{"title":"Wa\nter"}',
    "a bad escape": b'{"title":"\\x41"}',
    "a NUL byte": b"\x00",
    "a surrogate, then depth": b'{"title":"\\ud800","tags":' + b"[" * DEEP,
}
POINTED: dict[str, tuple[bytes, str]] = {
    "half a pair": (b'{"title":"\\ud800"}', "/title"),
    "the other half": (b'{"title":"Water \\udc00"}', "/title"),
    "a pair the wrong way round": (b'{"title":"\\udc00\\ud800"}', "/title"),
    "half a pair and a letter": (b'{"title":"Water","description":"\\ud800x"}', "/description"),
    "half a pair in a list": (b'{"title":"Water","tags":["home","\\ud800"]}', "/tags/1"),
    "half a pair in a name": (b'{"\\ud800":1}', ""),
    "half a pair, alone": (b'"\\udfff"', ""),
    "half a pair below an odd name": (b'{"title":"\\ud800z","a/b~":"x"}', "/title"),
    "null": (b"null", ""),
    "deep in the title": (b'{"title":' + b"[" * DEEP, "/title"),
    "deep in a tag": (b'{"title":"Water","tags":[' + b'{"a":' * 20_000, "/tags/0"),
    "deep at the top": (b"[" * DEEP, ""),
    "deep below an unknown name": (b'{"x":' + b"[" * DEEP, "/x"),
    "a number of many digits": (b'{"title":1' + b"0" * 10_000 + b"}", "/title"),
    "a number with a huge exponent": (b'{"completed":1e999999999}', "/completed"),
}
OTHER_TYPES = [
    None,
    "",
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "application/json, text/plain",
    "application/jsonx",
    "application/problem+json",
    "application/msgpack",
    "application/json; charset=latin-1",
    "application/json; charset=utf-16",
]
JSON_TYPES = [
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/json;",
]


async def send(
    client: httpx.AsyncClient, verb: str, content: bytes | AsyncIterator[bytes], headers: Any = None
) -> httpx.Response:
    """The bytes, to where this verb takes them."""
    where = TASKS if verb == "POST" else at(await add(client))
    return await client.request(
        verb, where, content=content, headers=JSON_TYPE if headers is None else headers
    )


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body whose length is not announced."""
    for start in range(0, len(body), 1 << 16):
        yield body[start : start + (1 << 16)]


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH"])
async def test_what_is_not_json_is_malformed(alice: httpx.AsyncClient, verb: str) -> None:
    said = {name: await send(alice, verb, body) for name, body in MALFORMED.items()}
    assert {
        name: (answer.status_code, answer.json()["code"]) for name, answer in said.items()
    } == dict.fromkeys(MALFORMED, (400, "malformed"))
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in said.values())


async def test_a_malformed_body_is_told_from_where_on(alice: httpx.AsyncClient) -> None:
    bodies = (b'{"title":NaN}', b"{", b"", b'{"title":"\xff"}')
    assert [(await send(alice, "POST", body)).json()["detail"] for body in bodies] == [
        "The body is not JSON from byte 9 on.",
        "The body is not JSON: it ends too early.",
        "The body is empty; send JSON.",
        "The body is not UTF-8.",
    ]


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH"])
async def test_what_is_json_but_no_task_is_pointed_at(alice: httpx.AsyncClient, verb: str) -> None:
    said = {name: await send(alice, verb, body) for name, (body, _) in POINTED.items()}
    found = {
        name: (answer.status_code, [fault["pointer"] for fault in answer.json().get("errors", [])])
        for name, answer in said.items()
    }
    assert found == {name: (422, [pointer]) for name, (_, pointer) in POINTED.items()}


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH"])
async def test_only_json_is_taken(alice: httpx.AsyncClient, verb: str) -> None:
    for media_type in OTHER_TYPES:
        headers = {} if media_type is None else {"Content-Type": media_type}
        answer = await send(alice, verb, BODY, headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type"), media_type
    twice = await send(alice, verb, BODY, [("Content-Type", "application/json")] * 2)
    assert twice.status_code == 415


async def test_json_is_taken_however_its_type_is_written(alice: httpx.AsyncClient) -> None:
    for media_type in JSON_TYPES:
        assert (await send(alice, "POST", BODY, {"Content-Type": media_type})).status_code == 201, media_type


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_may_be_as_large_as_the_limit_and_no_larger(
    alice: httpx.AsyncClient, announced: bool
) -> None:
    for size, status in ((BODY_MAX, 201), (BODY_MAX + 1, 413), (3 * BODY_MAX, 413)):
        body = BODY.ljust(size)
        answer = await send(alice, "POST", body if announced else in_pieces(body))
        assert answer.status_code == status
    assert answer.json()["code"] == "too_large"
    assert await titles(alice) == ["Water"]


@pytest.mark.parametrize("length", ["many", "", "-5", "+5", "5,5", "\u00b2"])
async def test_a_length_that_is_no_number_is_malformed(alice: httpx.AsyncClient, length: str) -> None:
    headers = JSON_TYPE | {"Content-Length": length.encode("latin-1")}
    answer = await send(alice, "POST", BODY, headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("length", [f"{BODY_MAX + 1}", "9" * 5000])
async def test_a_length_beyond_the_limit_is_refused_unread(alice: httpx.AsyncClient, length: str) -> None:
    answer = await send(alice, "POST", BODY, JSON_TYPE | {"Content-Length": length})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_zeros_before_a_length_count_for_nothing(alice: httpx.AsyncClient) -> None:
    headers = JSON_TYPE | {"Content-Length": f"{len(BODY)}".rjust(5000, "0")}
    assert (await send(alice, "POST", BODY, headers)).status_code == 201


async def test_who_has_no_token_learns_nothing_of_the_body(nobody: httpx.AsyncClient) -> None:
    for body in (b"", b"{", BODY, BODY.ljust(BODY_MAX + 1)):
        assert (await nobody.post(TASKS, content=body)).status_code == 401


async def test_a_merge_patch_may_be_called_by_its_own_media_type(alice: httpx.AsyncClient) -> None:
    task = await add(alice, title="Water the plants")
    headers = {"Content-Type": "application/merge-patch+json"}
    patched = await alice.patch(at(task), content=b'{"completed":true}', headers=headers)
    assert (patched.status_code, patched.json()["completed"]) == (200, True)
    posted = await alice.post(TASKS, content=b'{"title":"Sow"}', headers=headers)
    assert posted.status_code == 415
