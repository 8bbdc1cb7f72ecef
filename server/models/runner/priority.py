"""The low priority of a process that loads a model beside one that serves.

Linux has a nice value for each thread, and TensorFlow starts its own, so all of them are set.
"""

import contextlib
import logging
import os
import threading
from pathlib import Path

_LOW = 19
_THREADS = Path("/proc/self/task")

_log = logging.getLogger(__name__)


class Priority:
    """The priority of this process, which can be lowered and given back."""

    def __init__(self) -> None:
        self._normal = os.getpriority(os.PRIO_PROCESS, 0)

    def lower(self) -> None:
        """Lowers it for every thread, unless it could not be given back."""
        if _can_be_given_back():
            _set(_LOW)
        else:
            _log.warning("the priority stays at nice %d: RLIMIT_NICE does not let it be given back", self._normal)

    def restore(self) -> None:
        """Gives it back to every thread."""
        if os.getpriority(os.PRIO_PROCESS, 0) != self._normal:
            _set(self._normal)


def _can_be_given_back() -> bool:
    """Tries it on a thread of its own: only root, CAP_SYS_NICE or RLIMIT_NICE let a nice value go down again."""
    allowed = False

    def attempt() -> None:
        nonlocal allowed
        normal = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, _LOW)
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, normal)
            allowed = True

    if not _THREADS.is_dir():
        return False
    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return allowed


def _set(nice: int) -> None:
    for thread in _THREADS.iterdir():
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.setpriority(os.PRIO_PROCESS, int(thread.name), nice)
