"""Leaving a store alone that is down or slow until it is back: a circuit breaker (Nygard, Release It!, 2007)."""

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from server.features.cells import CellReader, Cells, ViewFeatures
from server.features.pace import Pace

PROBE_SECONDS = 0.5
"""Between two looks whether a store is back."""
_PROBE_READS = 3
"""All of which have to be fast: one may be so by chance."""
_OUTAGES = (RedisConnectionError, RedisTimeoutError, OSError)
"""What drivers raise when it is not what is asked for that is the matter."""
_SQLITE_OUTAGES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
"""Not that a table is missing: a view that one version reads was removed, and others are well."""

logger = logging.getLogger(__name__)

Probe = Callable[[Callable[[], bool]], None]
"""Calls a function again and again, apart from who asks, until it returns True."""


class StoreDown(Exception):
    """The store can't be reached, or is too slow."""


class GuardedCells:
    """Reads a store until it can't be reached or is slow, and then not before a probe has read from it in time.

    So a store that hangs costs the requests of one moment its timeout, and all later ones nothing.

    Args:
        reader: Reads the store.
        probe: Looks whether it is back.
        pace: Tells whether it is slow.
        clock: What reads are timed with, in seconds.
    """

    def __init__(
        self, reader: CellReader, probe: Probe, pace: Pace, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._reader = reader
        self._probe = probe
        self._pace = pace
        self._clock = clock
        self._is_down = False
        self._lock = Lock()

    def read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        """Returns the cells of entities; see `server.features.cells.CellReader`.

        Raises:
            StoreDown: The store can't be reached, or is too slow.
            Exception: Whatever else the driver raises, of what the store holds of these entities.
        """
        if self._is_down:
            raise StoreDown
        try:
            cells, seconds = self._timed(ids, views)
        except Exception as error:
            if not _is_outage(error):
                raise
            self._leave_alone(f"{type(error).__name__}: {error}", ids[:1], views)
            raise StoreDown from error
        if self._pace.note(seconds, len(ids)):
            self._leave_alone(f"it is slow, the last read took {seconds * 1e3:.1f} ms", ids[:1], views)
        return cells

    def _timed(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> tuple[Cells, float]:
        """Returns the cells, and how many seconds it took to read them."""
        begun = self._clock()
        cells = self._reader.read(ids, views)
        return cells, self._clock() - begun

    def _leave_alone(self, why: str, ids: Sequence[str], views: Sequence[ViewFeatures]) -> None:
        with self._lock:
            if self._is_down:
                return
            self._is_down = True
        logger.warning("the online store can't be read: %s", why)
        self._probe(lambda: self._is_back(ids, views))

    def _is_back(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> bool:
        try:
            if not all(self._pace.is_fast(self._timed(ids, views)[1], len(ids)) for _ in range(_PROBE_READS)):
                return False
        except Exception as error:
            if _is_outage(error):
                return False
            logger.debug("what the probe read is wrong, but the store is back", exc_info=True)
        self._is_down = False
        logger.warning("the online store can be read again")
        return True


def _is_outage(error: Exception) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_OUTAGES  # without what it says more exactly
    return isinstance(error, _OUTAGES)


class Prober:
    """A `Probe` in threads of its own, one for each outage.

    Args:
        seconds: Between two calls.
    """

    def __init__(self, seconds: float = PROBE_SECONDS) -> None:
        self._seconds = seconds
        self._ends = Event()

    def __call__(self, is_back: Callable[[], bool]) -> None:
        """Calls the function at once, and then until it returns True or this is closed."""
        Thread(target=self._until, args=(is_back,), name="probe", daemon=True).start()

    def close(self) -> None:
        """Ends the thread."""
        self._ends.set()

    def _until(self, is_back: Callable[[], bool]) -> None:
        while not (is_back() or self._ends.wait(self._seconds)):
            pass
