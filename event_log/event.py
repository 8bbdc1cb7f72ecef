"""What a member did, as it lies in the log: one JSON object."""

import hashlib
import json
from dataclasses import dataclass, fields
from enum import Enum


class EventType(Enum):
    """What happened."""

    UNKNOWN = "unknown"
    """None of the others; never recorded."""
    IMPRESSION = "impression"
    START = "start"
    COMPLETION = "completion"
    RATING = "rating"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a member did with a class, or that a class was shown.

    What does not belong to its type is at its default.
    """

    event_id: str
    type: EventType
    time_micros: int
    """When it happened, in microseconds since the epoch; 0 if it is not known, which is never recorded."""
    member_id: str
    class_id: str
    request_id: str = ""
    """Of the answer that the class was shown from; "" if it is not known."""
    impression_id: str = ""
    """The impression that it follows; "" if there is none. An impression's own id is its event id."""
    surface: str = ""
    position: int = 0
    watched_minutes: float = 0.0
    rating: int = 0


_DEFAULTS = {field.name: field.default for field in fields(Event)}


def encode(event: Event) -> bytes:
    """Returns the bytes of an event, the same for equal events."""
    found = {name: getattr(event, name) for name in _DEFAULTS}
    told = {name: value for name, value in found.items() if value != _DEFAULTS[name]}
    return json.dumps({**told, "type": event.type.value}, ensure_ascii=False, separators=(",", ":")).encode()


def decode(data: bytes) -> Event:
    """Returns the event of some bytes.

    Raises:
        ValueError: They are none.
    """
    try:
        found = json.loads(data)
        return Event(**{**found, "type": EventType(found["type"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"{data[:200]!r} is no event: {error}") from None


def digest(data: bytes) -> int:
    """Returns 64 bits that tell contents, or ids, apart."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest())
