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


def nice_values(pid: int) -> set[int]:
    """Returns the nice values of the threads of a process."""
    threads = [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]
    return {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}
