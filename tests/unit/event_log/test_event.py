"""Events and their bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_log.event import Event, EventType, decode, encode

EVENTS = st.builds(
    Event,
    event_id=st.text(),
    type=st.sampled_from(EventType),
    time_micros=st.integers(0, 2**53),
    member_id=st.text(),
    class_id=st.text(),
    impression_id=st.text(),
    surface=st.text(),
    position=st.integers(0, 2**31 - 1),
    watched_minutes=st.floats(0, 1440),
    rating=st.integers(0, 5),
)


@given(EVENTS)
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    assert decode(encode(event)) == event


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"type":"start"}', b'{"type":"sold"}', b"\xff"])
def test_bytes_that_are_no_event_are_an_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (its message is json's where the bytes are none)
        decode(data)
