"""What holds on one day of the simulated world."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.simulation.memory import Memory
from training.simulation.shelf import Shelf
from training.simulation.visits import Visits


@dataclass(frozen=True, slots=True)
class Today:
    """One day.

    Attributes:
        number: Counted from the first day of history, which is 0.
        is_weekend: Whether it is a Saturday or Sunday.
        tastes: What the members like, ``[members, traits.COUNT]``.
        memory: What they took before.
        visits: When they visit.
        shelf: What they may be shown.
    """

    number: int
    is_weekend: bool
    tastes: NDArray[np.float32]
    memory: Memory
    visits: Visits
    shelf: Shelf
