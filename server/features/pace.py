"""Telling a store that has become slow."""

import math
import time
from collections import deque
from collections.abc import Callable
from threading import Lock

SLOW_SECONDS = 0.005
"""What reading one entity may take of any Redis. One takes a tenth of it, or a fifth in another zone."""
USUAL_TIMES = 3
"""A store that is further away may take so many times what its quickest read took."""
ENTITY_SECONDS = 0.00025
"""What each further entity may add: twice what decoding a hundred features takes."""
_LOOKED_AT = 10
_TOO_MANY = 3
"""So many slow reads of the last `_LOOKED_AT` make a store slow."""
_NAP_SECONDS = 0.001
_QUIET_SECONDS = 0.0003
"""How late a nap may be in a process that does not wait for a core or for its own threads."""

Lag = Callable[[], float]
"""Returns how many seconds late this process is now."""


def lag() -> float:
    """Returns by how much a nap of a millisecond takes longer: a thread that waits for others is late as well."""
    begun = time.perf_counter()
    time.sleep(_NAP_SECONDS)
    return time.perf_counter() - begun - _NAP_SECONDS


class Pace:
    """Remembers which of the last reads were slow.

    A read is not slow if this process is: where threads wait for each other, or for a core, reads of a good store
    take long, too. Of a store that is slow, enough reads end in a quiet moment.

    Args:
        slow_seconds: What reading one entity may take at least; infinite if that is not known of the store.
        lag: Is asked after a read that took longer.
    """

    def __init__(self, slow_seconds: float = math.inf, lag: Lag = lag) -> None:
        self._slow_seconds = slow_seconds
        self._lag = lag
        self._quickest = math.inf
        self._reads: deque[bool] = deque(maxlen=_LOOKED_AT)
        self._lock = Lock()

    def is_fast(self, seconds: float, entities: int) -> bool:
        """Returns whether a read took no longer than it may."""
        one = max(self._slow_seconds, USUAL_TIMES * self._quickest)
        return seconds <= one + ENTITY_SECONDS * (entities - 1)

    def note(self, seconds: float, entities: int) -> bool:
        """Takes note of a read; returns whether the store is slow, and then begins anew."""
        self._quickest = min(self._quickest, seconds)
        is_slow = not self.is_fast(seconds, entities) and self._lag() < _QUIET_SECONDS
        with self._lock:
            self._reads.append(is_slow)
            if sum(self._reads) < _TOO_MANY:
                return False
            self._reads.clear()
            return True
