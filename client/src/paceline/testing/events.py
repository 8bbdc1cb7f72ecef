"""What the fake server does with events: each is recorded once, as the wire contract says. No I/O."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from paceline.errors import FieldViolation, InvalidRequest
from paceline.events import MAX_EVENTS
from paceline.v1.error_reason_pb2 import ERROR_REASON_INVALID_FIELD
from paceline.v1.event_service_pb2 import (
    EVENT_REJECTION_REASON_ID_REUSED,
    EVENT_REJECTION_REASON_INVALID_FIELD,
    EVENT_REJECTION_REASON_UNKNOWN_TYPE,
    EVENT_STATUS_DUPLICATE,
    EVENT_STATUS_RECORDED,
    EVENT_STATUS_REJECTED,
    Event,
    EventRejection,
    EventRejectionReason,
    EventResult,
    RecordEventsRequest,
    RecordEventsResponse,
    RejectedEvent,
    StreamEventsRequest,
    StreamEventsResponse,
)

MAX_REJECTED = 1_000
"""How many rejected events of a stream are told."""

_REQUIRED = ("event_id", "member_id", "class_id")


@dataclass
class EventScript:
    """The events that were recorded, by id. Times are not looked at, so tests may use any."""

    recorded: dict[str, Event] = field(default_factory=dict)

    def record(self, request: RecordEventsRequest) -> RecordEventsResponse:
        """Returns what became of each event.

        Raises:
            InvalidRequest: There are no events, or too many.
        """
        return RecordEventsResponse(results=self._record_all(request.events))

    def record_stream(self, messages: Sequence[StreamEventsRequest]) -> StreamEventsResponse:
        """Returns what became of the events of a stream.

        Raises:
            InvalidRequest: A message has no events, or too many. Those before it are recorded.
        """
        results = [result for message in messages for result in self._record_all(message.events)]
        counts = Counter(result.status for result in results)
        rejected = [
            RejectedEvent(event_index=place, rejection=result.rejection)
            for place, result in enumerate(results)
            if result.status == EVENT_STATUS_REJECTED
        ]
        return StreamEventsResponse(
            recorded_count=counts[EVENT_STATUS_RECORDED],
            duplicate_count=counts[EVENT_STATUS_DUPLICATE],
            rejected_count=len(rejected),
            rejected_events=rejected[:MAX_REJECTED],
        )

    def _record_all(self, events: Sequence[Event]) -> list[EventResult]:
        if not events:
            raise _invalid("is empty, expected at least one entry")
        if len(events) > MAX_EVENTS:
            raise _invalid(f"has {len(events)} entries, expected at most {MAX_EVENTS}")
        return [self._record(event) for event in events]

    def _record(self, event: Event) -> EventResult:
        if event.WhichOneof("action") is None:
            return _rejected(EVENT_REJECTION_REASON_UNKNOWN_TYPE, "action", "is none that the server knows")
        missing = [name for name in _REQUIRED if not getattr(event, name)]
        missing += [] if event.HasField("event_time") else ["event_time"]
        if missing:
            return _rejected(EVENT_REJECTION_REASON_INVALID_FIELD, missing[0], "is empty")
        before = self.recorded.setdefault(event.event_id, event)
        if before is event:
            return EventResult(status=EVENT_STATUS_RECORDED)
        if before == event:
            return EventResult(status=EVENT_STATUS_DUPLICATE)
        return _rejected(EVENT_REJECTION_REASON_ID_REUSED, "event_id", "was recorded with another content")


def _invalid(description: str) -> InvalidRequest:
    violation = FieldViolation("events", description)
    return InvalidRequest(f"events: {description}", reason=ERROR_REASON_INVALID_FIELD, violations=[violation])


def _rejected(reason: EventRejectionReason.ValueType, name: str, message: str) -> EventResult:
    rejection = EventRejection(reason=reason, field=name, message=message)
    return EventResult(status=EVENT_STATUS_REJECTED, rejection=rejection)
