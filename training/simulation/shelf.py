"""The classes that can be shown on one day."""

import numpy as np
from numpy.typing import NDArray

from training.simulation import vocabulary as words
from training.simulation.chance import points
from training.simulation.classes import Classes

_PUSH_OF_NEW = 2.0
_NEW_DAYS = 5.0


class Shelf:
    """The classes that can be shown on one day, to be drawn by discipline and prominence."""

    def __init__(self, classes: Classes, day: int) -> None:
        aired = np.nonzero(classes.air_day <= day)[0]
        self._classes = aired[np.argsort(classes.discipline[aired], kind="stable")]
        newness = np.exp((classes.air_day[self._classes] - day) / _NEW_DAYS)
        total = np.cumsum(classes.prominence[self._classes] * (1 + _PUSH_OF_NEW * newness))
        ends = np.searchsorted(classes.discipline[self._classes], np.arange(len(words.DISCIPLINES)), side="right")
        self._total = total
        self._upper = np.concatenate(([0.0], total))[ends]
        self._lower = np.concatenate(([0.0], self._upper[:-1]))
        with np.errstate(divide="ignore"):
            self._log_share = np.log(self._upper - self._lower)

    def draw(self, rng: np.random.Generator, pull: NDArray[np.float32]) -> NDArray[np.int64]:
        """Returns a class for each row.

        Args:
            rng: The source of chance.
            pull: How much more often each discipline is drawn, as log-odds, ``[rows, disciplines]``.
        """
        discipline = np.argmax(self._log_share + pull + rng.gumbel(size=pull.shape), axis=1)
        point = points(rng, self._lower[discipline], self._upper[discipline])
        return self._classes[np.searchsorted(self._total, point, side="right")]
