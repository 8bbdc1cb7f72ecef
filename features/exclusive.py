"""Locks between processes, each of which its holder's end ends at the latest."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from features.errors import BusyError, StoreError

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


@contextmanager
def only_materialisation(data: Path) -> Iterator[None]:
    """Keeps other processes from writing to the same rows, and from moving an online store backwards, meanwhile.

    Raises:
        BusyError: Another one materialises in the same folder of data.
        StoreError: The folder can't be written.
    """
    with ExitStack() as lock:
        try:
            data.mkdir(parents=True, exist_ok=True)
            lock.enter_context(locked(data / ".materialize.lock"))
        except BlockingIOError:
            raise BusyError(f"another run materialises in {data}; wait until it has ended") from None
        except OSError as error:
            raise StoreError(f"{data} can't be written: {error}") from error
        yield


def _lock(file: IO[str], end: float) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
        time.sleep(_PAUSE_SECONDS)
