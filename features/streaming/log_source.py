"""The event log in a folder, as a source of events."""

from collections.abc import Callable
from pathlib import Path

from event_log.cursor import Cursor, keep_cursor, read_cursor
from event_log.limits import MICRO, REMEMBER
from event_log.reader import Batch, LogReader


class LogSource:
    """Implements `EventSource`. Segments that were consumed are removed once no id in them has to be known.

    Args:
        folder: The folder of the log.
        now_micros: The time in microseconds since the epoch.
    """

    def __init__(self, folder: Path, now_micros: Callable[[], int]) -> None:
        self._folder = folder
        self._now_micros = now_micros
        self._reader = LogReader(folder)

    def kept(self) -> Cursor:
        """See `EventSource.kept`."""
        return read_cursor(self._folder)

    def read(self, cursor: Cursor) -> Batch:
        """See `EventSource.read`."""
        return self._reader.read(cursor)

    def keep(self, cursor: Cursor) -> None:
        """See `EventSource.keep`."""
        keep_cursor(self._folder, cursor)
        self._reader.prune(cursor, self._now_micros() - REMEMBER // MICRO)
