"""The low priority of what loads or ends a model beside one that serves."""

import os
from pathlib import Path

_THREADS = Path("/proc/self/task")
_THIS_THREAD = 0


def give_way() -> None:
    """Has this thread, and those that it starts, run only when nobody else wants to, for good.

    Linux's SCHED_IDLE: unlike a nice value, it lets whoever wakes up go on at once. Only root may end it, so what
    is to serve has to be done by threads that were started before.
    """
    _make_idle(_THIS_THREAD)


def give_way_altogether() -> None:
    """Has the whole process run only when nobody else wants to, for good."""
    if _THREADS.is_dir():
        for thread in _THREADS.iterdir():
            _make_idle(int(thread.name))


def _make_idle(thread: int) -> None:
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
