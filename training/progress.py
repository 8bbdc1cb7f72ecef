"""How a training tells what it is at."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Hears of each step of whatever takes more than two seconds."""

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        """Hears that `done` of `total` steps of the stage are over."""
        ...


@contextmanager
def stage(progress: Progress, name: str) -> Iterator[None]:
    """Tells that the block is a stage of one step, and that it is over if nothing went wrong."""
    progress(name, 0, 1)
    yield
    progress(name, 1, 1)
