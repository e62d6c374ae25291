"""A frontend's own settings: any JSON, kept to the letter, in one form whichever way it was written."""

import json
from typing import Any

import httpx
import msgspec
import pytest

from app.api.config.rules import DEPTH_MAX
from app.api.config.schemas import SettingOut, SettingPage
from app.models.config import VALUE_MAX
from tests.api.config.calls import CONFIG, FREE, at, keys, put_text
from tests.api.tasks.calls import fields_of

# What is sent, and what is kept of it: the form that both engines, and msgspec, write.
FORMS: list[tuple[bytes, bytes]] = [
    (b"null", b"null"),
    (b"true", b"true"),
    (b'""', b'""'),
    (b"{}", b"{}"),
    (b"[]", b"[]"),
    (b"0", b"0"),
    (b"-0", b"0"),
    (b"-0.0", b"-0.0"),
    (b"1.0", b"1.0"),
    (b"1e2", b"100.0"),
    (b"1E-7", b"1e-7"),
    (b"1e22", b"1e22"),
    (b"0.1", b"0.1"),
    (b"3.141592653589793", b"3.141592653589793"),
    (b"5e-324", b"5e-324"),
    (b"1.7976931348623157e308", b"1.7976931348623157e308"),
    (b"9007199254740993", b"9007199254740993"),
    (b"18446744073709551616", b"18446744073709551616"),
    (str(-(2**70)).encode(), str(-(2**70)).encode()),
    (b'"12345678901234567890.50"', b'"12345678901234567890.50"'),
    (b'{"b":1,"a":{"d":[{"z":1,"y":2}],"c":3}}', b'{"a":{"c":3,"d":[{"y":2,"z":1}]},"b":1}'),
    (b'{"a":1,"b":2,"a":3}', b'{"a":3,"b":2}'),
    (b' { "a" : [ 1 , 2 ] } ', b'{"a":[1,2]}'),
    (b'"\\u00e9\\/\\ud83d\\ude00"', '"é/😀"'.encode()),
    (b'"\\u0001\\u007f\\n\\\\\\""', b'"\\u0001\x7f\\n\\\\\\""'),
    ('"e\u0301\u2028\ufeff"'.encode(), '"e\u0301\u2028\ufeff"'.encode()),
    (
        '{"é":1,"Z":2,"a":3,"😀":4,"":5,"\uff00":6}'.encode(),
        '{"":5,"Z":2,"a":3,"é":1,"\uff00":6,"😀":4}'.encode(),
    ),
    (b'{"a.b/c~d":{"$ref":"#"},"user_id":"bob"}', b'{"a.b/c~d":{"$ref":"#"},"user_id":"bob"}'),
]


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def sized(size: int) -> bytes:
    return b'"%b"' % (b"x" * (size - 2))


@pytest.mark.parametrize(("sent", "kept"), FORMS)
async def test_one_form_in_every_answer(alice: httpx.AsyncClient, sent: bytes, kept: bytes) -> None:
    written = await put_text(alice, FREE, sent)
    assert written.status_code == 201, written.text
    assert written.content.startswith(b'{"key":"app.theme","value":%b,"seq":1,' % kept)
    assert written.content == msgspec.json.encode(msgspec.json.decode(written.content, type=SettingOut))
    read = await alice.get(at(FREE))
    assert read.content == written.content
    page = (await alice.get(CONFIG)).content
    assert page == b'{"items":[%b],"next_cursor":null}' % read.content
    assert page == msgspec.json.encode(msgspec.json.decode(page, type=SettingPage))
    assert (await put_text(alice, FREE, kept)).json()["value"] == json.loads(kept)
    stale = await alice.delete(at(FREE), headers={"If-Match": '"r0.1"'})
    assert stale.content.endswith(b'"current":%b}' % (await alice.get(at(FREE))).content)


async def test_the_largest_value_is_taken_and_a_larger_one_not(alice: httpx.AsyncClient) -> None:
    assert (await put_text(alice, FREE, sized(VALUE_MAX))).status_code == 201
    wide = '"' + "é" * (VALUE_MAX // 2 - 1) + '"'
    assert (await put_text(alice, FREE, wide.encode())).status_code == 200
    # Much white space, but little to keep.
    assert (await put_text(alice, FREE, b" " * VALUE_MAX + b"[1, 2]")).json()["value"] == [1, 2]
    for value in (sized(VALUE_MAX + 1), wide.replace("é", "éé", 1).encode(), b"[" + b"0," * 100_000 + b"0]"):
        answer = await put_text(alice, FREE, value)
        assert (answer.status_code, fields_of(answer)) == (422, [("/value", "invalid")])


async def test_nesting_has_a_depth(alice: httpx.AsyncClient) -> None:
    assert (await put_text(alice, FREE, nested(DEPTH_MAX + 1))).status_code == 201
    objects = b'{"a":' * (DEPTH_MAX + 1) + b"1" + b"}" * (DEPTH_MAX + 1)
    for value in (nested(DEPTH_MAX + 2), objects):
        answer = await put_text(alice, FREE, value)
        assert (answer.status_code, fields_of(answer)) == (422, [("/value", "invalid")])


@pytest.mark.parametrize("key", [FREE, "rounding"])
async def test_no_depth_is_a_fault_of_the_services(alice: httpx.AsyncClient, key: str) -> None:
    seen = set()
    for depth in [*range(300, 1100, 40), 5_000, 100_000]:
        for value in (nested(depth), b'{"a":' * depth + b"1" + b"}" * depth):
            if len(value) < 200_000:
                answer = await put_text(alice, key, value)
                seen.add((answer.status_code, answer.json()["code"]))
    assert seen == {(422, "invalid"), (400, "malformed")}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (b'"a\\u0000"', ("/value", "invalid")),
        (b'{"a":[1,{"b/c":"\\u0000"}]}', ("/value/a/1/b~1c", "invalid")),
        (b'{"a":{"\\u0000":1}}', ("/value/a", "invalid")),
        (b'"\\ud800"', ("/value", "invalid")),
        (b'{"a":{"\\udc00":1}}', ("/value/a", "invalid")),
    ],
)
async def test_what_is_no_text_is_pointed_at(
    alice: httpx.AsyncClient, value: bytes, place: tuple[str, str]
) -> None:
    answer = await put_text(alice, FREE, value)
    assert (answer.status_code, fields_of(answer)) == (422, [place])
    assert await keys(alice) == []


@pytest.mark.parametrize("value", [b"1e400", b"-1e400", b'{"a":[1e999]}', b"9" * 5_000])
async def test_a_number_that_nothing_holds_is_invalid(alice: httpx.AsyncClient, value: bytes) -> None:
    answer = await put_text(alice, FREE, value)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert fields_of(answer)[0][0].startswith("/value")


@pytest.mark.parametrize(
    "value", [b"NaN", b"Infinity", b"01", b"'a'", b"", b"{a:1}", b"1,", b'"\xff"', b"\xef\xbb\xbf1"]
)
async def test_what_is_no_json_is_malformed(alice: httpx.AsyncClient, value: bytes) -> None:
    answer = await put_text(alice, FREE, value)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_both_engines_are_sent_the_same(alice: httpx.AsyncClient) -> None:
    """What is compared with these very bytes on one engine is so on the other."""
    values: list[Any] = [json.loads(kept) for _, kept in FORMS]
    answer = await put_text(alice, FREE, json.dumps(values).encode())
    joined = b",".join(kept for _, kept in FORMS)
    assert answer.content.startswith(b'{"key":"app.theme","value":[%b],"seq"' % joined)
