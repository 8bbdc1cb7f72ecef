"""Builds the events that `PacelineClient.record_events` sends, and reads what became of them; no I/O."""

import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TypedDict, Unpack

from google.protobuf.timestamp_pb2 import Timestamp

from paceline.calls import to_timestamp
from paceline.v1.event_service_pb2 import Completion, Event, Impression, Rating, RecordEventsRequest, Start

MAX_EVENTS = 1_000
"""The most events of one RecordEvents."""


class Details(TypedDict, total=False):
    """What may be told of any event."""

    event_id: str
    """Its id; a new UUID unless given."""
    event_time: datetime | None
    """When it happened, with a time zone; now unless given."""
    request_id: str
    """The `request_id` of the response that the class was shown from."""


def impression(
    member_id: str, class_id: str, *, surface: str = "", position: int = 0, **details: Unpack[Details]
) -> Event:
    """Returns the event of a class that was shown, at a place on a page from 0.

    Raises:
        ValueError: `event_time` has no time zone.
    """
    event = _event(member_id, class_id, details)
    event.impression.CopyFrom(Impression(surface=surface, position=position))
    return event


def start(member_id: str, class_id: str, *, impression_id: str = "", **details: Unpack[Details]) -> Event:
    """Returns the event of a class that was started, after an impression if its id is given.

    Raises:
        ValueError: `event_time` has no time zone.
    """
    event = _event(member_id, class_id, details)
    event.start.CopyFrom(Start(impression_id=impression_id))
    return event


def completion(
    member_id: str,
    class_id: str,
    *,
    watched_minutes: float,
    impression_id: str = "",
    **details: Unpack[Details],
) -> Event:
    """Returns the event of a class that was completed.

    Raises:
        ValueError: `event_time` has no time zone.
    """
    event = _event(member_id, class_id, details)
    event.completion.CopyFrom(Completion(impression_id=impression_id, watched_minutes=watched_minutes))
    return event


def rating(
    member_id: str, class_id: str, stars: int, *, impression_id: str = "", **details: Unpack[Details]
) -> Event:
    """Returns the event of a class that was given 1 to 5 stars.

    Raises:
        ValueError: `event_time` has no time zone.
    """
    event = _event(member_id, class_id, details)
    event.rating.CopyFrom(Rating(impression_id=impression_id, rating=stars))
    return event


def event_requests(events: Iterable[Event]) -> Iterator[RecordEventsRequest]:
    """Yields the requests of RecordEvents, with as many events as one may have."""
    coming = iter(events)
    while chunk := list(islice(coming, MAX_EVENTS)):
        yield RecordEventsRequest(events=_complete(chunk))


def _event(member_id: str, class_id: str, details: Details) -> Event:
    moment = details.get("event_time")
    return Event(
        event_id=details.get("event_id") or str(uuid.uuid4()),
        event_time=to_timestamp(moment, "event_time") if moment else _now(),
        member_id=member_id,
        class_id=class_id,
        request_id=details.get("request_id", ""),
    )


def _complete(events: Sequence[Event]) -> Sequence[Event]:
    """Gives events that lack them an id and a time, so that after a lost answer the same event is sent."""
    for event in events:
        event.event_id = event.event_id or str(uuid.uuid4())
        if not event.HasField("event_time"):
            event.event_time.CopyFrom(_now())
    return events


def _now() -> Timestamp:
    now = Timestamp()
    now.FromMicroseconds(time.time_ns() // 1_000)
    return now
