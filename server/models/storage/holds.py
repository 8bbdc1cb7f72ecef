"""Holds on copies: a shared `flock` on the folder of each, which ends with the process at the latest."""

import fcntl
import os
import time
from pathlib import Path


class Hold:
    """Keeps a copy from being evicted, by this process or another, until it is released.

    Attributes:
        path: The folder of the files.
    """

    def __init__(self, copy: Path, folder_name: str) -> None:
        self.path = copy / folder_name
        self._descriptor = os.open(copy, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        self._touch()

    def release(self) -> None:
        """Ends the hold. To be called once."""
        self._touch()
        os.close(self._descriptor)

    def _touch(self) -> None:
        """Notes that the copy was used now."""
        now = time.time_ns()
        os.utime(self._descriptor, ns=(now, now))


def is_held(copy: Path) -> bool:
    """Whether anybody, here or in another process, holds a copy."""
    descriptor = os.open(copy, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
