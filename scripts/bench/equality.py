"""Whether the contenders answer alike: to the letter where that is the promise, else in what they say."""

import json
from collections.abc import Iterable
from http.client import HTTPConnection
from typing import Any, Final, NamedTuple

from app.core.operating import FailedError
from bench.load import FIRST_NUMBER, NUMBER
from bench.servers import Server
from bench.works import Asking, Work, request_of

OWN: Final = frozenset({"id", "created_at", "updated_at", "seq", "etag"})
"""What each makes for itself where it writes."""
TO_THE_LETTER: Final = ("wire", "daybook")
CURSOR: Final = b',"next_cursor":'
SECONDS: Final = 60
ROW: Final = frozenset(
    {
        *("id", "seq", "title", "description", "completed", "completed_at", "priority", "due_on", "due_at"),
        *("tags", "estimate_seconds", "created_at", "updated_at", "deleted_at"),
    }
)
"""The fields of a task; instances that are returned as they are have more."""
ANSWER: Final = {
    "list": ("items",),
    "unchanged": ("items",),
    "changes": ("items",),
    "report": ("rows", "total_seconds", "entries"),
    "batch": ("results",),
}


class Heard(NamedTuple):
    """An answer."""

    status: int
    tag: str | None
    body: bytes


def ask(server: Server, request: bytes) -> Heard:
    """Send one request, outside of any measurement."""
    head, _, body = request.replace(NUMBER, b"%d" % FIRST_NUMBER).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    connection = HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
    try:
        connection.request(method, path, body, dict(line.split(": ", 1) for line in lines))
        answer = connection.getresponse()
        return Heard(answer.status, answer.getheader("etag"), answer.read())
    finally:
        connection.close()


def refuse_unequal(work: Work, servers: Iterable[Server], asking: Asking) -> None:
    """Ask all the same. Raises FailedError where one answers otherwise than the first."""
    person = 0 if work.name == "report" else asking.shape.users - 1
    request = work.request(asking, person)
    first: tuple[Server, Heard] | None = None
    for server in servers:
        heard = ask(server, request)
        status = 200 if work.name == "unchanged" else work.status
        if heard.status != status:
            raise FailedError(f"{work.name}: {server.name} answers {heard.status}, not {status}")
        if first is None:
            first = server, heard
        elif said(work, heard.body) != said(work, first[1].body):
            raise FailedError(f"{work.name}: {server.name} answers otherwise than {first[0].name}")
        elif {server.name, first[0].name} == {*TO_THE_LETTER} and not work.is_write:
            _refuse_other_letters(work, heard.body, first[1].body)


def refuse_unequal_rows(wire: Server, asking: Asking) -> None:
    """Hold wire's two ways to the same list against each other. Raises FailedError."""
    person = asking.shape.users - 1
    bodies = {ask(wire, request_of(person, "GET", f"{path}/api/v1/tasks")).body for path in ("", "/rows")}
    if len(bodies) != 1:
        raise FailedError("list: wire's rows differ from its JSON by the database")


def said(work: Work, body: bytes) -> object:
    """What an answer says of what all know of: without what each makes for itself in a write."""
    answer = json.loads(body)
    parts = ANSWER.get(work.name)
    if parts is None:
        return _row(answer, work)
    return [
        [_row(each, work) for each in part] if isinstance(part, list) else part
        for part in _parts(answer, parts)
    ]


def _parts(answer: dict[str, Any], parts: tuple[str, ...]) -> list[Any]:
    return [answer[part] for part in parts]


def _row(row: dict[str, Any], work: Work) -> object:
    if "row" in row:
        return _row(row["row"], work)
    if work.name == "report":
        return row
    return {name: row[name] for name in ROW - (OWN if work.is_write else frozenset())}


def _refuse_other_letters(work: Work, one: bytes, other: bytes) -> None:
    """Cursors are each one's own."""
    if one.partition(CURSOR)[0] != other.partition(CURSOR)[0]:
        raise FailedError(f"{work.name}: wire and daybook say the same in other letters")
