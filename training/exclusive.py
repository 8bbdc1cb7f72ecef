"""Keeping two runs from writing into one folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import DataError


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Makes the folder and is its only writer while the block runs; the end of a process ends that too.

    Raises:
        DataError: Another run writes into it, or it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise DataError(f"{folder} can't be written: {error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataError(f"another run writes into {folder}; wait until it has ended") from None
        yield
