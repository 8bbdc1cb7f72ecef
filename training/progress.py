"""How a training tells what it is at."""

from typing import Protocol


class Progress(Protocol):
    """Hears of each step of whatever takes more than two seconds."""

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        """Hears that `done` of `total` steps of the stage are over."""
        ...
