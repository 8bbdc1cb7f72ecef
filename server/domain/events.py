"""What becomes of the events that callers send."""

from dataclasses import dataclass, field
from enum import Enum

from event_log.event import Event


class EventStatus(Enum):
    """Whether an event is recorded."""

    RECORDED = "it is"
    DUPLICATE = "it had been before, with the same content"
    REJECTED = "it is not"


class RejectionReason(Enum):
    """Why an event is rejected."""

    INVALID_FIELD = "a field is missing or out of its limits"
    FUTURE = "it is said to happen in the future"
    TOO_OLD = "it happened too long ago"
    UNKNOWN_TYPE = "it has no action that the server knows"
    ID_REUSED = "another event has this id"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an event is rejected: the field, what was found and what was expected."""

    reason: RejectionReason
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class EventResult:
    """What became of an event."""

    event: Event
    status: EventStatus
    rejection: Rejection | None = None
    """Only of one that was rejected."""


@dataclass(slots=True)
class StreamSummary:
    """What became of the events of a stream."""

    recorded_count: int = 0
    duplicate_count: int = 0
    rejected_count: int = 0
    rejected: list[tuple[int, Rejection]] = field(default_factory=list)
    """The first of those, with their places among all events."""
