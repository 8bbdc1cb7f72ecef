"""What came of the latest requests that a version answered."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KEPT_REQUESTS = 4096
"""Of one version; with their scores they take 0.4 MB."""
KEPT_SCORES = 20
"""Of one request: the usual page."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of some requests."""

    count: int
    """How many there were, with those that failed."""
    failure_count: int
    p99_seconds: float
    """Of those that did not fail; NaN if all did."""
    scores: NDArray[np.float32]
    """The best of each ranking, ``[scores]`` in no order."""

    @property
    def error_rate(self) -> float:
        """The share that failed; NaN if there were none."""
        return self.failure_count / self.count if self.count else math.nan


class VersionStats:
    """Keeps what came of the last requests of one version. To record one takes some 2 µs.

    Args:
        size: How many requests are kept.
    """

    def __init__(self, size: int = KEPT_REQUESTS) -> None:
        self._next = 0
        self._times = np.full(size, np.nan)
        self._seconds = np.full(size, np.nan)  # NaN for a failure
        self._scores = np.full((size, KEPT_SCORES), np.nan, dtype=np.float32)  # NaN where there is none

    def record(self, now: float, seconds: float, scores: Sequence[float]) -> None:
        """Takes note of a request that was answered.

        Args:
            now: The time, on any clock that does not go back.
            seconds: How long it took.
            scores: Those of the ranking, falling; the first `KEPT_SCORES` are kept.
        """
        best = scores[:KEPT_SCORES]
        self._keep(now, seconds)[: len(best)] = best

    def record_failure(self, now: float) -> None:
        """Takes note of a request that failed."""
        self._keep(now, math.nan)

    def since(self, start: float) -> Outcome:
        """Returns what came of the requests since `start`, so far as they are kept."""
        recent = self._times >= start
        seconds, scores = self._seconds[recent], self._scores[recent]
        answered = seconds[~np.isnan(seconds)]
        p99 = float(np.quantile(answered, 0.99)) if len(answered) else math.nan
        return Outcome(len(seconds), len(seconds) - len(answered), p99, scores[~np.isnan(scores)])

    def _keep(self, now: float, seconds: float) -> NDArray[np.float32]:
        """Keeps a request in place of the oldest, and returns where its scores belong."""
        place = self._next
        self._next = (place + 1) % len(self._times)
        self._times[place], self._seconds[place] = now, seconds
        row: NDArray[np.float32] = self._scores[place]
        row[:] = np.nan
        return row
