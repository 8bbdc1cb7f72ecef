"""What follows an impression: a start, a completion, a rating."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.simulation.truth import probability

_SECOND_US = 1_000_000
_COMPLETION_BASE = 1.6
_COMPLETION_SLOPE = 0.6
_RATING_SHARE = 0.25
_RATING_MEAN = 4.4
_RATING_SLOPE = 0.5
_LONGEST_DELAY_HOURS = 12.0


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Events caused by impressions, ``[events]``.

    Attributes:
        cause: The rows of the impressions, rising.
        time_us: Microseconds since the epoch; each is later than that of the event before it.
        value: Minutes watched, or stars; NaN for a start.
    """

    cause: NDArray[np.int64]
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]

    def take(self, rows: NDArray[np.bool_]) -> "Outcomes":
        """Returns the events chosen by a mask."""
        return Outcomes(self.cause[rows], self.time_us[rows], self.value[rows])

    def before(self, end_us: int) -> "Outcomes":
        """Returns the events before a moment."""
        return self.take(self.time_us < end_us)


def draw_starts(rng: np.random.Generator, logits: NDArray[np.float64], shown_us: NDArray[np.int64]) -> Outcomes:
    """Draws one trial for each impression, with its true probability; starts come within a minute or so."""
    cause = np.nonzero(rng.random(len(logits)) < probability(logits))[0]
    delay = (1 + rng.exponential(15, len(cause))) * _SECOND_US
    return Outcomes(cause, shown_us[cause] + delay.astype(np.int64), np.full(len(cause), np.nan))


def draw_completions(
    rng: np.random.Generator, starts: Outcomes, logits: NDArray[np.float64], minutes: NDArray[np.int32]
) -> Outcomes:
    """Draws which starts are completed, more of those that were likely; and how much of the class was watched.

    Args:
        rng: The source of chance.
        starts: The starts.
        logits: The log-odds of a start for each impression.
        minutes: The length of the class of each impression.
    """
    chance = probability(_COMPLETION_BASE + _COMPLETION_SLOPE * logits[starts.cause])
    done = starts.take(rng.random(len(chance)) < chance)
    watched = minutes[done.cause] * rng.uniform(0.85, 1.0, len(done.cause))
    elapsed = (watched * 60 + rng.exponential(20, len(watched))) * _SECOND_US
    return Outcomes(done.cause, done.time_us + elapsed.astype(np.int64), watched)


def draw_ratings(rng: np.random.Generator, completions: Outcomes, logits: NDArray[np.float64]) -> Outcomes:
    """Draws which completions are rated, and the stars (1 to 5): more for what was likely to be started."""
    rated = completions.take(rng.random(len(completions.cause)) < _RATING_SHARE)
    spread = rng.normal(0, 0.8, len(rated.cause))
    stars = np.clip(np.rint(_RATING_MEAN + _RATING_SLOPE * logits[rated.cause] + spread), 1, 5)
    hours = np.minimum(rng.lognormal(-2, 1.5, len(stars)), _LONGEST_DELAY_HOURS)
    delay = (1 + hours * 3600) * _SECOND_US
    return Outcomes(rated.cause, rated.time_us + delay.astype(np.int64), stars)
