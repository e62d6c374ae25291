"""The load generator: `python -m bench.load`, a process of its own, so that it takes no turn from a server.

It reads jobs from standard input, a line of JSON each, and answers with an outcome each. A connection
sends its next request when the answer to the last is there: HTTP/1.1, kept alive, nothing pipelined.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator
from typing import Final

import msgspec
import uvloop

NUMBER: Final = b"@@@@@@@"
"""In a body, stands for a number that no other request of the job has."""
FIRST_NUMBER: Final = 1_000_000
PATIENCE_SECONDS: Final = 120


class Job(msgspec.Struct, frozen=True):
    """Requests to send in turn, over and over, for so many `seconds`, or `count` of them if that is set."""

    port: int
    connections: int
    requests: list[bytes]
    statuses: frozenset[int]
    seconds: float = 0
    count: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """What came of a job: answers, the seconds until the last, and the latencies in milliseconds.

    `wrong` are the statuses that no answer should have had; 0 is none at all.
    """

    requests: int
    seconds: float
    p50: float
    p99: float
    wrong: list[int]


class Run:
    """One job under way."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.requests: Iterator[bytes] = itertools.cycle(job.requests)
        self.left = job.count or sys.maxsize
        self.deadline = float("inf")
        self.number = FIRST_NUMBER
        self.latencies: list[float] = []
        self.wrong: list[int] = []
        self.busy = 0
        self.over = asyncio.get_running_loop().create_future()

    def next(self) -> bytes | None:
        """What to send next, or None where the job is done."""
        if self.left == 0 or time.perf_counter() >= self.deadline or self.wrong:
            return None
        self.left -= 1
        request = next(self.requests)
        if NUMBER in request:
            self.number += 1
            request = request.replace(NUMBER, b"%d" % self.number)
        return request

    def rest(self) -> None:
        """One connection has no more to do."""
        self.busy -= 1
        if self.busy == 0 and not self.over.done():
            self.over.set_result(None)


class Connection(asyncio.Protocol):
    """One connection: at most one request under way."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.is_busy = False
        self.head = b""
        self.missing = -1
        self.status = 0
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self.transport = transport

    def send(self) -> None:
        """Send the next request, or rest."""
        request = self.run.next()
        self.is_busy = request is not None
        if request is None:
            self.run.rest()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(request)  # type: ignore[attr-defined] # it is a write transport

    def data_received(self, data: bytes) -> None:
        """Count what is still missing of the answer."""
        if self.missing < 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            self.missing = self._length(self.head[:end]) - (len(self.head) - end - 4)
            self.head = b""
        else:
            self.missing -= len(data)
        if self.missing <= 0:
            self._finish()

    def connection_lost(self, _: Exception | None) -> None:
        """Closed by the server: in mid-answer that is wrong."""
        if self.is_busy:
            self.run.wrong.append(0)
            self.run.rest()

    def _length(self, head: bytes) -> int:
        """How long the body is."""
        self.status = int(head[9:12])
        if self.status in (204, 304):
            return 0
        lower = head.lower()
        start = lower.find(b"\r\ncontent-length:")
        return int(lower[start + 17 :].split(b"\r", 1)[0]) if start >= 0 else 0

    def _finish(self) -> None:
        self.run.latencies.append(time.perf_counter() - self.sent_at)
        if self.status not in self.run.job.statuses:
            self.run.wrong.append(self.status)
        self.missing = -1
        self.send()


async def drive(job: Job) -> Outcome:
    """Do a job: connect first, then start the clock."""
    loop = asyncio.get_running_loop()
    run = Run(job)
    made = [
        await loop.create_connection(lambda: Connection(run), "127.0.0.1", job.port)
        for _ in range(job.connections)
    ]
    run.busy = len(made)
    started = time.perf_counter()
    run.deadline = started + job.seconds if job.seconds else float("inf")
    for _, connection in made:
        connection.send()
    try:
        await asyncio.wait_for(run.over, PATIENCE_SECONDS + job.seconds + job.count / 100)
    except TimeoutError:
        run.wrong.append(0)
    seconds = time.perf_counter() - started
    for transport, _ in made:
        transport.close()
    return outcome_of(run.latencies, seconds, run.wrong)


def outcome_of(latencies: list[float], seconds: float, wrong: list[int]) -> Outcome:
    """The outcome, its percentiles by nearest rank."""
    ordered = sorted(latencies) or [0.0]
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 for share in (0.5, 0.99))
    return Outcome(len(latencies), seconds, p50, p99, sorted(set(wrong)))


def main() -> None:
    """Do job after job, until standard input closes."""
    for line in sys.stdin.buffer:
        try:
            outcome = uvloop.run(drive(msgspec.json.decode(line, type=Job)))
        except OSError:
            outcome = Outcome(0, 0, 0, 0, [0])
        sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
