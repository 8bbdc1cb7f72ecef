"""Messages on a stream."""

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.models.runner.frames import FrameSplitter, read_message, to_frame

MESSAGES = st.lists(st.binary(max_size=50) | st.text(max_size=20) | st.integers(), max_size=8)


@given(messages=MESSAGES, cuts=st.lists(st.integers(min_value=0, max_value=600), max_size=12))
def test_messages_arrive_whole_and_in_order_however_the_stream_is_cut(
    messages: list[object], cuts: list[int]
) -> None:
    stream = b"".join(to_frame(message) for message in messages)
    ends = [*sorted(cuts), len(stream)]
    splitter = FrameSplitter()
    arrived: list[object] = []
    start = 0
    for end in ends:
        arrived += splitter.feed(stream[start:end])
        start = max(start, min(end, len(stream)))
    assert arrived == messages


@given(messages=MESSAGES)
def test_the_blocking_end_reads_the_same(messages: list[object]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stream = b"".join(to_frame(message) for message in messages)
        writer = threading.Thread(target=theirs.sendall, args=[stream])
        writer.start()
        assert [read_message(ours) for _ in messages] == messages
        writer.join()


def test_a_stream_that_ends_within_a_message_is_an_error() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(to_frame("whole")[:-1])
        with pytest.raises(EOFError):
            read_message(ours)
