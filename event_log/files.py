"""The files of a log: numbered segments, and the lock that says who writes."""

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from contract.durable import sync

_SEGMENT = re.compile(r"(\d{8})\.log")
LOCK = ".lock"


def segment_path(folder: Path, number: int) -> Path:
    """Returns the file of a segment."""
    return folder / f"{number:08d}.log"


def segment_numbers(folder: Path) -> Sequence[int]:
    """Returns the numbers of the segments that are there, rising.

    Raises:
        OSError: The folder can't be read.
    """
    return sorted(int(found[1]) for path in folder.iterdir() if (found := _SEGMENT.fullmatch(path.name)))


def make_folder(folder: Path) -> None:
    """Makes the folder of a log, and its parents, so that a crash does not undo it.

    Raises:
        OSError: It can't be made.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        sync(path.parent)


@contextmanager
def locked(folder: Path, operation: int = fcntl.LOCK_EX, name: str = LOCK) -> Iterator[None]:
    """Holds a lock of a log while the block runs; the end of the process ends it as well.

    Args:
        folder: That of the log.
        operation: `fcntl.LOCK_EX` to write, `fcntl.LOCK_SH` to read while nobody writes.
        name: The file that is locked.

    Raises:
        OSError: The file can't be opened, or `LOCK_NB` is asked for and another process has the lock.
    """
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)
