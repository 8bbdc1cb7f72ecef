"""What came of the calls of versions, for whoever measures or judges them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Observation:
    """What came of one call of a version, for one request or several."""

    model_name: str
    version: int
    label: str
    """The label that it was asked for by; empty if it was asked for by its number."""
    seconds: float
    """How long it took, with the way to the runner; until the caller gave it up, if it did."""
    scores: NDArray[np.float32] | None = None
    """The scores of a ranking, ``[members, count]``."""
    has_failed: bool = False
    """Whether the version failed, through no fault of the caller; also by using up the caller's time."""
    request_count: int = 1
    """For how many requests it was."""


OnCall = Callable[[Observation], None]
"""Is told of every call."""
