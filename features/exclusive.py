"""Locks between processes, each of which its holder's end ends at the latest."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PAUSE_SECONDS = 0.05


@contextmanager
def locked(path: Path, seconds: float = 0.0) -> Iterator[None]:
    """Holds the lock of a file, which is made if it is not there, while the block runs.

    Args:
        path: The file.
        seconds: How long to wait for others to let go of it.

    Raises:
        BlockingIOError: Another process holds it.
        OSError: The file can't be made.
    """
    with path.open("a") as file:
        _lock(file, time.monotonic() + seconds)
        yield


def _lock(file: IO[str], end: float) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
        time.sleep(_PAUSE_SECONDS)
