"""What recording needs from the rest: a log that files implement now, and Kafka may one day."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from event_log.event import Event
from event_log.writer import Appended


class EventLog(Protocol):
    """Keeps events."""

    async def append(self, events: Sequence[Event]) -> Sequence[Appended]:
        """Returns what became of each event, once those that were recorded are on disk.

        Raises:
            EventLogUnavailable: None of them was recorded.
        """
        ...


ObserveEvents = Callable[[Mapping[tuple[str, str], int]], None]
"""Is told how many events there were by type and result."""
