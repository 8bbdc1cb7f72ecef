"""Each event of a request is recorded or rejected by itself."""

from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from event_log.event import Event, EventType
from server.domain.errors import EventLogUnavailable, InvalidRequest
from server.domain.events import EventStatus, RejectionReason
from server.events.recorder import Recorder
from tests.support.events import MemoryLog, event
from tests.support.logs import NOW_MICROS

RECORDED, DUPLICATE, REJECTED = EventStatus.RECORDED, EventStatus.DUPLICATE, EventStatus.REJECTED


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


def recorder(log: MemoryLog, counted: list[Mapping[tuple[str, str], int]] | None = None) -> Recorder:
    return Recorder(log, lambda: NOW_MICROS, (counted if counted is not None else []).append)


async def test_the_valid_half_of_a_batch_is_recorded(log: MemoryLog) -> None:
    counted: list[Mapping[tuple[str, str], int]] = []
    events = [
        event("a"),
        event("b", EventType.RATING, rating=9),
        event("c", EventType.UNKNOWN),
        event("d"),
        event("a"),
        event("d", class_id="c2"),
        event("e", time_micros=NOW_MICROS * 2),
    ]
    results = await recorder(log, counted).record(events)
    assert [result.status for result in results] == [
        *(RECORDED, REJECTED, REJECTED, RECORDED, DUPLICATE, REJECTED, REJECTED)
    ]
    assert [result.rejection.reason if result.rejection else None for result in results] == [
        None,
        RejectionReason.INVALID_FIELD,
        RejectionReason.UNKNOWN_TYPE,
        None,
        None,
        RejectionReason.ID_REUSED,
        RejectionReason.FUTURE,
    ]
    assert list(log.events) == ["a", "d"]
    assert counted == [
        {
            ("start", "recorded"): 2,
            ("start", "duplicate"): 1,
            ("start", "id_reused"): 1,
            ("start", "future"): 1,
            ("rating", "invalid_field"): 1,
            ("unknown", "unknown_type"): 1,
        }
    ]


async def test_a_log_that_fails_fails_the_call_and_counts_nothing(log: MemoryLog) -> None:
    counted: list[Mapping[tuple[str, str], int]] = []
    log.is_full = True
    with pytest.raises(EventLogUnavailable):
        await recorder(log, counted).record([event("a"), event("")])
    assert (log.events, counted) == ({}, [])


@pytest.mark.parametrize(("count", "message"), [(0, "is empty"), (1001, "has 1001 entries, expected at most")])
async def test_a_call_has_some_events_and_not_too_many(log: MemoryLog, count: int, message: str) -> None:
    with pytest.raises(InvalidRequest, match=f"events: {message}"):
        await recorder(log).record([event(f"e{number}") for number in range(count)])
    assert not log.events


async def batches(*found: Sequence[Event]) -> AsyncIterator[Sequence[Event]]:
    for events in found:
        yield events


async def test_a_stream_is_summed_up(log: MemoryLog) -> None:
    wrong = [event("", member_id="") for _ in range(998)]
    summary = await recorder(log).record_stream(
        batches([event("a"), event("")], [event("a"), event("b")], wrong, wrong)
    )
    assert (summary.recorded_count, summary.duplicate_count, summary.rejected_count) == (2, 1, 1997)
    assert [place for place, _ in summary.rejected] == [1, *range(4, 1003)]


async def test_a_stream_that_fails_keeps_what_came_before(log: MemoryLog) -> None:
    with pytest.raises(InvalidRequest):
        await recorder(log).record_stream(batches([event("a")], [], [event("b")]))
    assert list(log.events) == ["a"]
