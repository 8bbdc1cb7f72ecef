"""What members remember having taken."""

import numpy as np
from numpy.typing import NDArray

_REMEMBERED = 10
_NOTHING = -1


class Memory:
    """The classes that each member started last, as of the last midnight.

    Today's starts are remembered from tomorrow on, so that the chunks of a day do not depend on each other.
    """

    def __init__(self, member_count: int) -> None:
        self._known = np.full((member_count, _REMEMBERED), _NOTHING, dtype=np.int32)
        self._newest = self._known.copy()
        self._starts = np.zeros(member_count, dtype=np.int64)

    def start_day(self) -> None:
        """Makes known what was started until now."""
        self._known[:] = self._newest

    def note(self, members: NDArray[np.int64], classes: NDArray[np.int64]) -> None:
        """Notes starts, in the order in which they happened."""
        order = np.argsort(members, kind="stable")
        who, first, counts = np.unique(members[order], return_index=True, return_counts=True)
        nth = np.arange(len(members)) - np.repeat(first, counts)
        place = (self._starts[members[order]] + nth) % _REMEMBERED
        self._newest[members[order], place] = classes[order]
        self._starts[who] += counts

    def holds(self, members: NDArray[np.int64], classes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Returns whether each member remembers the class, ``[rows]``."""
        remembered: NDArray[np.bool_] = (self._known[members] == classes[:, np.newaxis]).any(axis=1)
        return remembered

    def recall(
        self, rng: np.random.Generator, members: NDArray[np.int64], otherwise: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Returns one class that each member remembers, or that of `otherwise` where there is none."""
        drawn = self._known[members, rng.integers(_REMEMBERED, size=len(members))]
        return np.where(drawn == _NOTHING, otherwise, drawn)
