"""Events for tests, and a log that keeps them in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from event_log.event import Event, EventType
from event_log.writer import Appended
from server.domain.errors import EventLogUnavailable
from tests.support.logs import NOW_MICROS


def event(event_id: str, type_: EventType = EventType.START, **changes: Any) -> Event:
    """Returns an event that may be recorded at `NOW_MICROS`."""
    fields: dict[str, Any] = {"time_micros": NOW_MICROS, "member_id": "m1", "class_id": "c1"}
    if type_ is EventType.RATING:
        fields["rating"] = 4
    return Event(event_id=event_id, type=type_, **{**fields, **changes})


@dataclass
class MemoryLog:
    """Implements `EventLog`."""

    events: dict[str, Event] = field(default_factory=dict)
    is_full: bool = False

    async def append(self, events: Sequence[Event]) -> Sequence[Appended]:
        if self.is_full:
            raise EventLogUnavailable("full")
        return [self._append(event) for event in events]

    def _append(self, event: Event) -> Appended:
        before = self.events.setdefault(event.event_id, event)
        if before is event:
            return Appended.RECORDED
        return Appended.DUPLICATE if before == event else Appended.REUSED
