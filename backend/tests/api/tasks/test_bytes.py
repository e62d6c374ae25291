"""The JSON of a task is the same to the byte on both engines, as msgspec writes it, wherever it is read."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count
from typing import Any

import httpx
import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from litestar import Litestar

from app.api.tasks.schemas import TaskOut, TaskPage
from app.models.task import ESTIMATE_MAX
from tests.api.tasks.calls import TASKS, at, id_at
from tests.service import client_of

NUMBERS = count()
JSON = {"Content-Type": "application/json"}
CONTROLS = "".join(map(chr, range(1, 0x20))) + "\x7f\x80\x9f"
HARD = [
    CONTROLS,
    "\"\\/'`<>&",
    "\u2028\u2029\ufeff\u200b\u202e",
    "\ue000\ufffd\uffff",
    "😀👩‍🌾\U00010000\U0010ffff",
    "e\u0301é",
    "\\u0041\\n",
    "a\nb\r\nc\td",
    '{"a":[1e2,null]}',
    " ",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 (hypothesis wants naive bounds beside zones)
    datetime(9998, 12, 30),  # noqa: DTZ001
    timezones=ZONES | st.just(UTC),
)
DUES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.dates(date(1970, 1, 1), date(9998, 12, 31)).map(lambda day: {"due_on": day}),
    INSTANTS.map(lambda moment: {"due_at": moment}),
    INSTANTS.map(lambda moment: {"due_at": moment.replace(microsecond=0)}),
)


def draft(**fields: Any) -> dict[str, Any]:
    """The body of a task."""
    return {"title": "Water", **fields}


def encoded(body: bytes) -> bytes:
    """A task as msgspec writes what it reads."""
    return msgspec.json.encode(msgspec.json.decode(body, type=TaskOut))


async def assert_the_same_everywhere(client: httpx.AsyncClient, fields: dict[str, Any]) -> None:
    """What comes back is what went in, and each answer has the very same bytes."""
    created = await client.post(TASKS, content=msgspec.json.encode(fields), headers=JSON)
    assert created.status_code == 201, created.text
    assert created.content == encoded(created.content)
    task = msgspec.json.decode(created.content, type=TaskOut)
    for name, value in fields.items():
        assert getattr(task, name) == value
    assert (await client.get(at(created.json()))).content == created.content
    assert (await client.get(TASKS)).content == b'{"items":[%b],"next_cursor":null}' % created.content
    patched = await client.patch(at(created.json()), content=msgspec.json.encode(fields), headers=JSON)
    put = await client.put(at(created.json()), content=msgspec.json.encode(fields), headers=JSON)
    for answer in (patched, put):
        assert answer.status_code == 200
        assert answer.content == encoded(answer.content)
    assert (await client.get(at(created.json()))).content == put.content


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=TEXTS,
    description=st.none() | st.just("") | TEXTS,
    tags=st.lists(TEXTS, max_size=4, unique=True),
    due=DUES,
    completed=st.booleans(),
    estimate_seconds=st.none() | st.integers(0, ESTIMATE_MAX),
)
@example(CONTROLS, CONTROLS, [CONTROLS], {"due_on": date(1970, 1, 1)}, True, 0)
@example("a", "", HARD, {"due_on": date(9998, 12, 31)}, False, ESTIMATE_MAX)
@example(HARD[1], HARD[2], HARD[3:5], {"due_at": datetime(1970, 1, 1, tzinfo=UTC)}, True, None)
@example("a", None, [], {"due_at": datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)}, False, None)
@example("a", None, [], {"due_at": datetime(2026, 5, 1, 0, 0, 0, 1, tzinfo=UTC)}, False, None)
@example("a", None, [], {"due_at": datetime(2026, 5, 1, 0, 0, 0, 100000, tzinfo=UTC)}, False, None)
async def test_every_answer_has_the_bytes_that_msgspec_writes(
    app: Litestar,
    title: str,
    description: str | None,
    tags: list[str],
    due: dict[str, Any],
    completed: bool,
    estimate_seconds: int | None,
) -> None:
    fields = draft(title=title, description=description, tags=tags, completed=completed, **due)
    fields["estimate_seconds"] = estimate_seconds
    async with client_of(app, f"alice-{next(NUMBERS)}") as alice:
        await assert_the_same_everywhere(alice, fields)


async def test_a_page_is_the_rows_and_nothing_else(alice: httpx.AsyncClient) -> None:
    rows = []
    for text in HARD:
        answer = await alice.post(TASKS, json=draft(title=text, description=text, tags=[text]))
        rows.append(answer.content)
    page = (await alice.get(TASKS, params={"sort": "updated_at", "total": "true"})).content
    assert page == b'{"items":[%b],"next_cursor":null,"total":%d}' % (b",".join(rows), len(HARD))
    assert page == msgspec.json.encode(msgspec.json.decode(page, type=TaskPage))
    first = (await alice.get(TASKS, params={"sort": "updated_at", "limit": "3"})).content
    assert first.startswith(b'{"items":[%b],"next_cursor":"' % b",".join(rows[:3]))
    assert first == msgspec.json.encode(msgspec.json.decode(first, type=TaskPage))


async def test_what_is_restored_or_gone_is_read_in_the_same_bytes(alice: httpx.AsyncClient) -> None:
    created = await alice.post(TASKS, json=draft(title=HARD[0], tags=HARD))
    where = at(created.json())
    await alice.delete(where)
    trash = (await alice.get(TASKS, params={"trash": "true"})).content
    assert trash == msgspec.json.encode(msgspec.json.decode(trash, type=TaskPage))
    restored = await alice.post(f"{where}/restore")
    assert restored.content == encoded(restored.content) == (await alice.get(where)).content
    stale = await alice.patch(where, json={"title": "x"}, headers={"If-Match": '"r0.1"'})
    assert stale.content.endswith(b'"current":%b}' % restored.content)


INSTANTS_ON_THE_WIRE = {
    "2026-05-01T00:15:00Z": "2026-05-01T00:15:00Z",
    "2026-05-01T00:15:00.000000+05:30": "2026-04-30T18:45:00Z",
    "2026-05-01T00:15:00.25-03:30": "2026-05-01T03:45:00.250000Z",
    "2026-05-01t00:15:00.000001z": "2026-05-01T00:15:00.000001Z",
    "1970-01-01T05:30:00+05:30": "1970-01-01T00:00:00Z",
    "9998-12-31T23:59:59.999999Z": "9998-12-31T23:59:59.999999Z",
}


async def test_instants_are_in_utc_with_six_digits_or_none(alice: httpx.AsyncClient) -> None:
    for sent, given_back in INSTANTS_ON_THE_WIRE.items():
        answer = await alice.post(TASKS, json=draft(due_at=sent))
        assert answer.json()["due_at"] == given_back


async def test_the_moment_of_an_id_is_written_like_any_other(alice: httpx.AsyncClient) -> None:
    for milliseconds, created_at in {0: "1970-01-01T00:00:00Z", 1: "1970-01-01T00:00:00.001000Z"}.items():
        answer = await alice.post(TASKS, json=draft(id=id_at(milliseconds)))
        assert answer.json()["created_at"] == created_at
        assert answer.content == encoded(answer.content)
