"""The limits of an event: those in the comments of the wire contract."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from event_log.event import Event, EventType
from event_log.limits import MAX_AGE, MAX_AHEAD, MICRO
from server.domain.events import Rejection, RejectionReason

MAX_ID_BYTES = 64
MAX_NAME_BYTES = 256
MAX_MINUTES = 1_440
RATINGS = range(1, 6)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rejection(event: Event, now_micros: int) -> Rejection | None:
    """Returns the first thing that is wrong with an event, None if it may be recorded.

    Args:
        event: The event.
        now_micros: The time in microseconds since the epoch.
    """
    return next(_rejections(event, now_micros), None)


def _rejections(event: Event, now_micros: int) -> Iterator[Rejection]:
    if event.type is EventType.UNKNOWN:
        yield Rejection(RejectionReason.UNKNOWN_TYPE, "action", f"is none of {_known_types()}")
    for field, message in (*_ids(event), *_TYPE_CHECKS.get(event.type, _nothing)(event)):
        yield Rejection(RejectionReason.INVALID_FIELD, field, message)
    yield from _time(event.time_micros, now_micros)


def _known_types() -> str:
    return ", ".join(type_.value for type_ in EventType if type_ is not EventType.UNKNOWN)


def _ids(event: Event) -> Iterator[tuple[str, str]]:
    yield from _text("event_id", event.event_id, MAX_ID_BYTES, is_required=True)
    yield from _text("member_id", event.member_id, MAX_NAME_BYTES, is_required=True)
    yield from _text("class_id", event.class_id, MAX_NAME_BYTES, is_required=True)
    yield from _text("request_id", event.request_id, MAX_ID_BYTES)
    yield from _text(f"{event.type.value}.impression_id", event.impression_id, MAX_ID_BYTES)


def _text(field: str, found: str, limit: int, *, is_required: bool = False) -> Iterator[tuple[str, str]]:
    size = len(found.encode())
    if is_required and not size:
        yield field, f"is empty, expected 1 to {limit} bytes"
    if size > limit:
        yield field, f"has {size} bytes, expected at most {limit}"


def _impression(event: Event) -> Iterator[tuple[str, str]]:
    yield from _text("impression.surface", event.surface, MAX_ID_BYTES)
    if event.position < 0:
        yield "impression.position", f"is {event.position}, expected 0 or more"


def _completion(event: Event) -> Iterator[tuple[str, str]]:
    if not 0 <= event.watched_minutes <= MAX_MINUTES:
        yield "completion.watched_minutes", f"is {event.watched_minutes:g}, expected 0 to {MAX_MINUTES}"


def _rating(event: Event) -> Iterator[tuple[str, str]]:
    if event.rating not in RATINGS:
        yield "rating.rating", f"is {event.rating}, expected 1 to 5"


def _nothing(_event: Event) -> Iterator[tuple[str, str]]:
    yield from ()


_TYPE_CHECKS: dict[EventType, Callable[[Event], Iterator[tuple[str, str]]]] = {
    EventType.IMPRESSION: _impression,
    EventType.COMPLETION: _completion,
    EventType.RATING: _rating,
}


def _time(time_micros: int, now_micros: int) -> Iterator[Rejection]:
    if not time_micros:
        yield Rejection(RejectionReason.INVALID_FIELD, "event_time", "is unset")
    elif time_micros > now_micros + MAX_AHEAD // MICRO:
        yield _wrong_time(RejectionReason.FUTURE, time_micros, "5 minutes after", now_micros)
    elif time_micros < now_micros - MAX_AGE // MICRO:
        yield _wrong_time(RejectionReason.TOO_OLD, time_micros, "7 days before", now_micros)


def _wrong_time(reason: RejectionReason, time_micros: int, limit: str, now_micros: int) -> Rejection:
    found, now = _moment(time_micros), _moment(now_micros)
    return Rejection(reason, "event_time", f"is {found}, expected at most {limit} the server's time, {now}")


def _moment(micros: int) -> str:
    """Returns a time in the years 1 to 9999, to which the wire limits it, as text."""
    try:
        return (_EPOCH + micros * MICRO).isoformat()
    except OverflowError:
        return f"{micros / 1e6:g} s after 1970"
