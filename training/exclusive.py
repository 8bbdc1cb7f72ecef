"""Keeping two runs from writing into one folder."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from features.exclusive import locked
from training.errors import DataError


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Makes the folder and is its only writer while the block runs; the end of a process ends that too.

    Raises:
        DataError: Another run writes into it, or it can't be made.
    """
    with ExitStack() as lock:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.enter_context(locked(folder / ".lock"))
        except BlockingIOError:
            raise DataError(f"another run writes into {folder}; wait until it has ended") from None
        except OSError as error:
            raise DataError(f"{folder} can't be written: {error}") from error
        yield
