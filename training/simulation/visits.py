"""The sessions of one day: who visits when."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.simulation import vocabulary as words
from training.simulation.chance import points

_PAGE_SECONDS = 60
"""The time that members look at a page; sessions start early enough for that to end on the same day."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Who visits when; arrays are ``[sessions]``.

    Attributes:
        start_us: Microseconds since the epoch, rising.
        time_of_day: Codes in the vocabulary.
        member: Places among the members.
    """

    start_us: NDArray[np.int64]
    time_of_day: NDArray[np.int64]
    member: NDArray[np.int64]


class Visits:
    """How the sessions of one day spread over its hours and the members."""

    def __init__(self, visits: NDArray[np.float64], start_us: int, *, is_weekend: bool) -> None:
        """Takes how often members visit at each time of day, in proportion: ``[times of day, members]``."""
        hours = words.WEEKEND_HOURS if is_weekend else words.WEEKDAY_HOURS
        self._start_us = start_us
        self._quantiles = np.concatenate(([0.0], np.cumsum(hours))) / hours.sum()
        self._seconds = np.linspace(0, 86_400 - _PAGE_SECONDS, 25)
        self._totals = np.cumsum(visits, axis=1)

    def draw(self, rng: np.random.Generator, count: int, part: tuple[float, float]) -> Sessions:
        """Returns sessions.

        Args:
            rng: The source of chance.
            count: How many sessions.
            part: The part of the day's sessions that these are, from 0 to 1.
        """
        seconds = np.interp(np.sort(rng.uniform(*part, count)), self._quantiles, self._seconds)
        time_of_day = words.TIME_OF_HOUR[(seconds // 3600).astype(np.int64)]
        point = points(rng, np.zeros(count), self._totals[time_of_day, -1])
        member = np.empty(count, dtype=np.int64)
        for code, total in enumerate(self._totals):
            rows = time_of_day == code
            member[rows] = np.searchsorted(total, point[rows], side="right")
        return Sessions(self._start_us + (seconds * 1e6).astype(np.int64), time_of_day, member)
