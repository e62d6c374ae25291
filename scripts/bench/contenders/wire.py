"""wire: the least that the work can cost. Bare ASGI, the driver itself, the same checks and statements.

Written for speed, not for keeping: no errors but 401 and 404, no logs, no retries, nothing to configure.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

import msgspec

import _path  # noqa: F401 (makes `app` importable)
from app.core.ids import created_at_of, new_id
from app.core.text import fold
from bench.contenders.bodies import Batch, TaskNew, TaskPatch, TaskRow, TaskRows
from bench.contenders.drivers import Postgres, Runs, Sqlite
from bench.contenders.serving import given, serve
from bench.contenders.statements import places, statements
from bench.contenders.tokens import RefusedError, Remembering, Rules

TASKS: Final = "/api/v1/tasks"
LIMIT: Final = b"50"
GREATEST: Final = UUID(int=(1 << 128) - 1)
ENCODER: Final = msgspec.json.Encoder()
NEW: Final = msgspec.json.Decoder(TaskNew)
PATCH: Final = msgspec.json.Decoder(TaskPatch)
BATCH: Final = msgspec.json.Decoder(Batch)

Answer = tuple[int, bytes, str | None]
"""Status, body, tag."""


class Wire:
    """The app."""

    def __init__(self, url: str, rules: Rules) -> None:
        self.is_postgres = not url.startswith("sqlite")
        self.db: Postgres | Sqlite = Postgres(url) if self.is_postgres else Sqlite(url)
        self.sql = statements("postgresql" if self.is_postgres else "sqlite")
        self.tokens = Remembering(rules)
        self.key: Callable[[UUID], object] = (lambda id_: id_) if self.is_postgres else str
        self.inserts: dict[int, str] = {}
        self.updates: dict[tuple[str, ...], str] = {}
        self.routes = {
            ("GET", TASKS): self.page,
            ("GET", "/rows" + TASKS): self.rows,
            ("GET", "/api/v1/changes"): self.changes,
            ("GET", "/api/v1/reports/time"): self.report,
            ("POST", TASKS): self.create,
            ("POST", "/api/v1/batch"): self.batch,
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, or the start and the end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        headers = dict(scope["headers"])
        path = scope["path"]
        try:
            if path == "/health":
                status, body, tag = 200, b"{}", None
            else:
                user_id = self.tokens.user_of(headers.get(b"authorization", b""))
                handler = self.routes.get((scope["method"], path)) or (
                    self.patch if scope["method"] == "PATCH" else self.one
                )
                status, body, tag = await handler(user_id, scope, headers, receive)
        except RefusedError:
            status, body, tag = 401, b"", None
        sent = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        if tag:
            sent.append((b"etag", tag.encode()))
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        await self.db.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def page(self, user_id: str, scope: Any, headers: dict[bytes, bytes], _: Any) -> Answer:
        """The list, as JSON by the database; 304 where the tag is the present one."""
        epoch, seq = _known(headers.get(b"if-none-match"))
        after, limit = self._asked(scope)
        row = await self.db.row(self.sql.page, user_id, epoch, seq, after, limit + 1)
        tag = f'"l{row[0]}.{row[1]}"'
        if row[0] == epoch and row[1] == seq:
            return 304, b"", tag
        lines, cursor = row[2] or b"", b"null"
        if lines.count(b"\n") >= limit:
            lines = lines[: lines.rindex(b"\n")]
            last = lines.rfind(b"\n") + 1
            cursor = b'"%b"' % urlsafe_b64encode(lines[last + 7 : last + 43])
        return 200, b'{"items":[%b],"next_cursor":%b}' % (lines.replace(b"\n", b","), cursor), tag

    async def rows(self, user_id: str, scope: Any, _: Any, __: Any) -> Answer:
        """The list, as columns into structs."""
        after, limit = self._asked(scope)
        found = await self.db.rows(self.sql.rows, user_id, after, limit + 1)
        render = _typed if self.is_postgres else _plain
        items = [render(row) for row in found[:limit]]
        cursor = urlsafe_b64encode(str(items[-1].id).encode()).decode() if len(found) > limit else None
        tag = f'"l{found[0][0]}.{found[0][1]}"' if found else None
        return 200, ENCODER.encode(TaskRows(items, cursor)), tag

    async def one(self, user_id: str, scope: Any, _: Any, __: Any) -> Answer:
        """One task."""
        id_ = self.key(UUID(scope["path"][len(TASKS) + 1 :]))
        row = await self.db.row(self.sql.row, user_id, id_)
        return (200, row[2].encode(), f'"r{row[0]}.{row[1]}"') if row else (404, b"", None)

    async def changes(self, user_id: str, scope: Any, _: Any, __: Any) -> Answer:
        """What changed after a cursor."""
        asked = parse_qs(scope["query_string"])
        _, since, floor = asked[b"since"][0].split(b".")
        limit = int(asked[b"limit"][0])
        epoch, seq, purged_seq, lines = await self.db.row(self.sql.changes, user_id, int(since), limit + 1)
        items = lines.split(b"\n") if lines else []
        more = b"false"
        if len(items) > limit:
            items, more = items[:limit], b"true"
            last = msgspec.json.decode(items[-1])["row"]["seq"]
            next_ = f"{epoch}.{last}.{floor.decode()}"
        else:
            next_ = f"{epoch}.{seq}.{purged_seq}"
        return 200, b'{"items":[%b],"next":"%b","more":%b}' % (b",".join(items), next_.encode(), more), None

    async def report(self, user_id: str, scope: Any, _: Any, __: Any) -> Answer:
        """A year by days, in UTC, unrounded, of finished entries."""
        asked = {name.decode(): value[0].decode() for name, value in parse_qs(scope["query_string"]).items()}
        days = [asked["from"], asked["to"]]
        bounds = [date.fromisoformat(day) for day in days] if self.is_postgres else days
        epoch, seq, rows, seconds, entries = await self.db.row(self.sql.report, user_id, *bounds)
        body = (
            f'{{"from":"{days[0]}","to":"{days[1]}","tz":"{asked["tz"]}","week_start":"monday",'
            f'"group":["day"],"rounding":"none","rows":[{rows or ""}],"total_seconds":{int(seconds or 0)},'
            f'"entries":{int(entries or 0)},"running":false}}'
        )
        return 200, body.encode(), f'"l{epoch}.{seq}"'

    async def create(self, user_id: str, _: Any, __: Any, receive: Any) -> Answer:
        """A new task: the number first, then the clock, then the row."""
        body = NEW.decode(await _body(receive))
        async with self.db.writing() as run:
            epoch, seq = await self._take(run, user_id, 1)
            row = await run.row(self._insert(1), *self._values(user_id, seq, body))
        return 201, row[0].encode(), f'"r{epoch}.{seq}"'

    async def patch(self, user_id: str, scope: Any, _: Any, receive: Any) -> Answer:
        """Some fields of a task."""
        body = PATCH.decode(await _body(receive))
        values = {
            name: value for name, value in msgspec.structs.asdict(body).items() if value != msgspec.UNSET
        }
        id_ = self.key(UUID(scope["path"][len(TASKS) + 1 :]))
        async with self.db.writing() as run:
            epoch, seq = await self._take(run, user_id, 1)
            statement = self._update((*values, "seq", "updated_at"))
            row = await run.row(statement, user_id, id_, *values.values(), seq, self._now())
        return (200, row[0].encode(), f'"r{epoch}.{seq}"') if row else (404, b"", None)

    async def batch(self, user_id: str, _: Any, __: Any, receive: Any) -> Answer:
        """Many new tasks in one transaction."""
        operations = BATCH.decode(await _body(receive)).operations
        count = len(operations)
        async with self.db.writing() as run:
            epoch, last = await self._take(run, user_id, count)
            numbered = enumerate(operations, last - count + 1)
            values = chain.from_iterable(self._values(user_id, seq, each.body) for seq, each in numbered)
            rows = await run.rows(self._insert(count), *values)
        results = (
            f'{{"status":201,"etag":"\\"r{epoch}.{seq}\\"","row":{row[0]}}}'
            for seq, row in enumerate(rows, last - count + 1)
        )
        return 200, f'{{"results":[{",".join(results)}]}}'.encode(), None

    def _asked(self, scope: Any) -> tuple[object, int]:
        """The id to start before, and how many."""
        asked = parse_qs(scope["query_string"])
        cursor = asked.get(b"cursor")
        after = UUID(urlsafe_b64decode(cursor[0]).decode()) if cursor else GREATEST
        return self.key(after), int(asked.get(b"limit", [LIMIT])[0])

    async def _take(self, run: Runs, user_id: str, count: int) -> tuple[str, int]:
        epoch, seq = await run.row(self.sql.take, user_id, secrets.token_hex(6), count)
        return epoch, seq

    def _now(self) -> object:
        now = datetime.now(UTC)
        return now if self.is_postgres else _sqlite_text(now)

    def _values(self, user_id: str, seq: int, body: TaskNew) -> tuple[object, ...]:
        id_ = new_id()
        created = created_at_of(id_)
        description_key = None if body.description is None else fold(body.description)
        completed_at = datetime.now(UTC) if body.completed else None
        times = (created, created, completed_at, body.due_on, body.due_at)
        if not self.is_postgres:
            times = tuple(value and _sqlite_text(value) for value in times)  # type: ignore[assignment] # text here
        texts = (body.title, fold(body.title), body.description, description_key, body.completed)
        tags = json.dumps(body.tags, ensure_ascii=False, separators=(",", ":"))
        return (
            *(user_id, self.key(id_), times[0], times[1], seq, *texts, times[2], body.priority),
            *(times[3], times[4], tags, body.estimate_seconds),
        )

    def _insert(self, rows: int) -> str:
        if rows not in self.inserts:
            self.inserts[rows] = self.sql.insert.format(places=places(rows))
        return self.inserts[rows]

    def _update(self, columns: tuple[str, ...]) -> str:
        if columns not in self.updates:
            assigned = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, 3))
            self.updates[columns] = self.sql.update.format(columns=assigned)
        return self.updates[columns]


def _typed(row: Any) -> TaskRow:
    task = TaskRow(*row[2:])
    task.tags = msgspec.Raw(row[11].encode())
    return task


def _plain(row: Any) -> TaskRow:
    task = _typed(row)
    task.completed = bool(task.completed)
    return task


def _known(header: bytes | None) -> tuple[str, int]:
    """The head that a list's tag names."""
    if header is None:
        return "", 0
    epoch, _, seq = header.decode().strip('"').removeprefix("l").partition(".")
    return epoch, int(seq)


def _sqlite_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return str(value.isoformat())


async def _body(receive: Any) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return body


if __name__ == "__main__":
    told = given()
    serve(Wire(told.url, told.rules), told.port)
