"""Several processes that serve one socket: started, replaced when they die, and stopped together."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

LOOK_SECONDS: Final = 0.2
"""Between two looks whether all are alive."""
REPLACED_AFTER_SECONDS: Final = 1.0
"""Since it was started: what dies at once, again and again, must not keep a processor busy."""
CANNOT_START: Final = (2, 3)
"""The exit codes of a process that could not start: nor would the next."""
FLAG: Final = "--worker"

log = logging.getLogger("app")


class Share(NamedTuple):
    """What a worker has of the process that started it: the socket, the end of a pipe, and its place.

    Nothing ever comes through the pipe. It ends with whoever holds the other end, however that dies.
    """

    socket: int
    pipe: int
    place: int

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Self | None:
        """The share that the command line names, or None in a process that is no worker."""
        if len(arguments) != 2 or arguments[0] != FLAG:
            return None
        return cls(*map(int, arguments[1].split(",")))

    def arguments(self) -> list[str]:
        """The share as the command line names it."""
        return [FLAG, ",".join(map(str, self))]


class Worker:
    """One process, in the place that it has among the others."""

    def __init__(self, share: Share) -> None:
        self.share = share
        self.started_at = time.monotonic()
        # As this process was started, with Python's own flags: a child of `fork` would share more than
        # is good, such as the state that random numbers come from.
        command = [sys.executable, *sys.orig_argv[1:], *share.arguments()]
        self.process = subprocess.Popen(command, pass_fds=(share.socket, share.pipe))  # noqa: S603 (our own)


def supervise(socket: int, count: int) -> int:
    """Keeps `count` processes serving the socket until told to stop. Returns the exit code."""
    told = threading.Event()
    for sig in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sig, lambda *_: told.set())
    pipe, kept = os.pipe()
    workers = [Worker(Share(socket, pipe, place)) for place in range(count)]
    code = 0
    while not told.wait(LOOK_SECONDS):
        for worker in list(workers):
            if worker.process.poll() in CANNOT_START:
                code = worker.process.returncode
                told.set()
            elif worker.process.returncode is not None and _is_due(worker):
                log.error("a worker died and is replaced", extra={"exit": worker.process.returncode})
                workers[worker.share.place] = Worker(worker.share)
    _stop(workers)
    os.close(kept)
    os.close(pipe)
    return code


def _is_due(worker: Worker) -> bool:
    return time.monotonic() - worker.started_at >= REPLACED_AFTER_SECONDS


def _stop(workers: Sequence[Worker]) -> None:
    """Tells all of them, and waits: each is gone within ten seconds by itself."""
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.wait()
