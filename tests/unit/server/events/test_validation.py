"""What is wrong with an event is named."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_log.event import Event, EventType
from event_log.limits import REMEMBER
from server.domain.events import RejectionReason
from server.events.validation import rejection
from tests.support.events import event
from tests.support.logs import DAY_MICROS, NOW_MICROS

INVALID, TOO_OLD = RejectionReason.INVALID_FIELD, RejectionReason.TOO_OLD
IMPRESSION, COMPLETION, RATING = EventType.IMPRESSION, EventType.COMPLETION, EventType.RATING
AHEAD_MICROS = 300_000_000
WRONG = [
    (event(""), INVALID, "event_id", "is empty, expected 1 to 64 bytes"),
    (event("é" * 33), INVALID, "event_id", "has 66 bytes, expected at most 64"),
    (event("e", member_id=""), INVALID, "member_id", "is empty, expected 1 to 256 bytes"),
    (event("e", class_id="c" * 257), INVALID, "class_id", "has 257 bytes, expected at most 256"),
    (event("e", request_id="r" * 65), INVALID, "request_id", "has 65 bytes, expected at most 64"),
    (event("e", impression_id="i" * 65), INVALID, "start.impression_id", "has 65 bytes"),
    (event("e", IMPRESSION, surface="s" * 65), INVALID, "impression.surface", "has 65 bytes"),
    (event("e", IMPRESSION, position=-1), INVALID, "impression.position", "is -1, expected 0 or more"),
    (event("e", COMPLETION, watched_minutes=-0.5), INVALID, "completion.watched_minutes", "is -0.5, expected 0"),
    (event("e", COMPLETION, watched_minutes=math.nan), INVALID, "completion.watched_minutes", "is nan"),
    (event("e", COMPLETION, watched_minutes=math.inf), INVALID, "completion.watched_minutes", "is inf"),
    (event("e", RATING, rating=0), INVALID, "rating.rating", "is 0, expected 1 to 5"),
    (event("e", RATING, rating=6), INVALID, "rating.rating", "is 6, expected 1 to 5"),
    (
        event("e", EventType.UNKNOWN),
        RejectionReason.UNKNOWN_TYPE,
        "action",
        "none of impression, start, completion",
    ),
    (event("e", time_micros=0), INVALID, "event_time", "is unset"),
    (
        event("e", time_micros=NOW_MICROS + AHEAD_MICROS + 1),
        RejectionReason.FUTURE,
        "event_time",
        "5 minutes after",
    ),
    (event("e", time_micros=NOW_MICROS - 365 * DAY_MICROS), TOO_OLD, "event_time", "is 2022-11-14T22:13:20+00:00"),
    (event("e", time_micros=NOW_MICROS - 7 * DAY_MICROS - 1), TOO_OLD, "event_time", "at most 7 days before"),
    (event("e", time_micros=-(2**60)), TOO_OLD, "event_time", "s after 1970"),
]


@pytest.mark.parametrize(("sent", "reason", "field", "message"), WRONG)
def test_what_is_wrong_is_named(sent: Event, reason: RejectionReason, field: str, message: str) -> None:
    found = rejection(sent, NOW_MICROS)
    assert found is not None
    assert (found.reason, found.field) == (reason, field)
    assert message in found.message


RIGHT: list[dict[str, Any]] = [
    {"type_": EventType.START, "impression_id": "i" * 64},
    {"type_": IMPRESSION, "surface": "home", "position": 0},
    {"type_": COMPLETION, "watched_minutes": 0.0},
    {"type_": COMPLETION, "watched_minutes": 1440.0},
    {"type_": RATING, "rating": 5},
    {"time_micros": NOW_MICROS + AHEAD_MICROS},
    {"time_micros": NOW_MICROS - 7 * DAY_MICROS},
    {"member_id": "é" * 128},
]


@pytest.mark.parametrize("changes", RIGHT, ids=str)
def test_what_is_at_a_limit_is_right(changes: dict[str, Any]) -> None:
    assert rejection(event("e", **changes), NOW_MICROS) is None


@given(st.integers(0, 30 * DAY_MICROS), st.integers(0, 30 * DAY_MICROS))
def test_an_id_is_remembered_for_as_long_as_its_event_is_accepted(age: int, later: int) -> None:
    sent = event("e", time_micros=NOW_MICROS + AHEAD_MICROS - age)
    was_accepted = rejection(sent, NOW_MICROS) is None
    is_accepted_again = rejection(sent, NOW_MICROS + later) is None
    if was_accepted and is_accepted_again:
        assert later <= REMEMBER.total_seconds() * 1e6
