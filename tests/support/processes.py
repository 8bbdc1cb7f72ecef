"""Processes, seen from outside."""

import os
import select
from pathlib import Path


def ends_within(pid: int, seconds: float) -> bool:
    """Returns whether a process, ours or not, ends within so many seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def idle_threads(pid: int) -> set[str]:
    """Returns the names of the threads of a process that run only when nobody else wants to."""
    return {(_thread(pid, thread) / "comm").read_text().strip() for thread in _idle(pid)}


def idle_ticks(pid: int) -> int:
    """Returns how long those threads have run, in clock ticks."""
    stats = [(_thread(pid, thread) / "stat").read_text().rpartition(")")[2].split() for thread in _idle(pid)]
    return sum(int(ticks) for stat in stats for ticks in stat[11:13])


def _idle(pid: int) -> list[int]:
    threads = [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]
    return [thread for thread in threads if os.sched_getscheduler(thread) == os.SCHED_IDLE]


def _thread(pid: int, thread: int) -> Path:
    return Path(f"/proc/{pid}/task/{thread}")
