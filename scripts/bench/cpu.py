"""What processes use, as Linux's /proc tells it; elsewhere None."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
NANOSECONDS: Final = 1e9
IS_TOLD: Final = (PROC / "self/stat").exists()


def tree_of(pid: int) -> list[int]:
    """The process and all below it."""
    children = PROC / str(pid) / "task"
    found = [pid]
    try:
        for task in children.iterdir():
            for child in (task / "children").read_text().split():
                found += tree_of(int(child))
    except OSError:
        pass  # it ended meanwhile
    return found


Used = dict[int, float]
"""Seconds of user and system time, by process."""


def cpu_used(pids: Iterable[int]) -> Used | None:
    """What the processes have used so far."""
    return {pid: _seconds_of(pid) for pid in pids} if IS_TOLD else None


def used_between(before: Used | None, after: Used | None) -> float | None:
    """Seconds that were used meanwhile; of a process that ended meanwhile nobody knows."""
    if before is None or after is None:
        return None
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def _seconds_of(pid: int) -> float:
    """By the scheduler's own count, in nanoseconds, of a process with one thread, as Postgres's are.

    Of several it counts only those that still are: there by the clock's ticks, a hundredth of a second.
    """
    process = PROC / str(pid)
    try:
        if len(list((process / "task").iterdir())) == 1:
            with suppress(FileNotFoundError):  # a kernel may keep no such count
                return int((process / "schedstat").read_text().split()[0]) / NANOSECONDS
        after_name = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0  # it ended meanwhile
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pids: Iterable[int]) -> int | None:
    """What of the processes' memory is resident."""
    if not IS_TOLD:
        return None
    pages = sum(int((PROC / str(pid) / "statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE")


def is_postgres_here(pid: int) -> bool:
    """Whether the process of that number on this machine is Postgres's: a server elsewhere has its own."""
    try:
        return (PROC / str(pid) / "comm").read_text().startswith("postgres")
    except OSError:
        return False
