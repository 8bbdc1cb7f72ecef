"""When a worker that ended is started again."""

from collections.abc import Callable

from server.domain.retries import STABLE_SECONDS, wait_seconds


class Restarts:
    """The restarts of one worker: at once, then after 1, 2, 4 … 60 seconds, until one has run for a minute.

    Args:
        clock: A time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._start_time = 0.0

    def begin(self) -> None:
        """Takes note that it was started."""
        self._start_time = self._clock()

    def fail(self) -> int:
        """Takes note that it ended, and returns after how many seconds it is to be started again."""
        was_stable = self._clock() - self._start_time >= STABLE_SECONDS
        self._failures = 1 if was_stable else self._failures + 1
        return wait_seconds(self._failures)
