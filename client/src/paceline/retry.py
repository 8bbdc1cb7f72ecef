"""When a call is tried again: a schedule without any I/O, which the sync and the async client share."""

import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

Clock = Callable[[], float]
"""Seconds since any fixed moment, never going back."""


def full_jitter(ceiling: float) -> float:
    """Returns a pause between 0 and `ceiling` seconds, so that many callers do not come back at once.

    Source: Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
    """
    return random.uniform(0.0, ceiling)  # noqa: S311 - nothing secret


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is tried again when no server was available.

    Every call may be repeated: it only reads, or records events, which are recorded once.

    Args:
        attempts: How often a call is tried in all; 1 never repeats it.
        initial_backoff: The longest first pause in seconds; it doubles with each attempt.
        max_backoff: The longest pause in seconds.
        jitter: Chooses each pause from its longest.
    """

    attempts: int = 3
    initial_backoff: float = 0.025
    max_backoff: float = 0.25
    jitter: Callable[[float], float] = full_jitter

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts is {self.attempts}, expected at least 1")
        if not 0 < self.initial_backoff <= self.max_backoff:
            raise ValueError(
                f"initial_backoff is {self.initial_backoff}, expected more than 0 and at most max_backoff, "
                f"{self.max_backoff}"
            )

    def pauses(self) -> Iterator[float]:
        """Yields the pause before each attempt but the first, in seconds."""
        ceiling = self.initial_backoff
        for _ in range(self.attempts - 1):
            yield self.jitter(ceiling)
            ceiling = min(2 * ceiling, self.max_backoff)

    def until_deadline(self) -> "RetryPolicy":
        """Returns the policy with the same pauses and as many attempts as the deadline leaves time for."""
        return replace(self, attempts=sys.maxsize)


DEFAULT = RetryPolicy()
"""Three attempts within a tenth of a second."""


class Schedule:
    """The attempts of one call: how long each may take, and the pauses between them."""

    def __init__(self, policy: RetryPolicy, timeout: float, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._deadline = clock() + timeout
        self._pauses = policy.pauses()

    def remaining(self) -> float:
        """Returns the seconds until the deadline, at least 0."""
        return max(0.0, self._deadline - self._clock())

    def next_pause(self) -> float | None:
        """Returns the seconds until the next attempt, None if there is none or it would come past the deadline."""
        pause = next(self._pauses, None)
        return None if pause is None or pause >= self.remaining() else pause
