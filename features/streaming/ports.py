"""What a consumer needs: a log to follow, which Kafka may be one day, and somewhere to push rows to."""

from collections.abc import Callable
from typing import Protocol

import pyarrow as pa

from event_log.cursor import Cursor
from event_log.reader import Batch


class EventSource(Protocol):
    """A log of events that is read from a cursor."""

    def kept(self) -> Cursor:
        """Returns the cursor that was kept last."""
        ...

    def read(self, cursor: Cursor) -> Batch:
        """Returns the next records, none at the end of the log."""
        ...

    def keep(self, cursor: Cursor) -> None:
        """Keeps a cursor, and returns once it is on disk. What is before it need not be read again."""
        ...


Push = Callable[[str, pa.Table], None]
"""Writes rows of the views of a push source, which it is given the name of, to the online store.

Raises StoreError if the store can't be written.
"""
