"""Recording events: what is sent, sent again, and answered."""

from collections.abc import Iterator
from datetime import UTC, datetime

import grpc
import pytest

from client.tests.fake_channel import RECORD, FakeChannel
from paceline import (
    AsyncPacelineClient,
    Event,
    EventStatus,
    InvalidRequest,
    PacelineClient,
    completion,
    impression,
    rating,
    start,
)
from paceline.testing import FakeServer
from paceline.v1.event_service_pb2 import RecordEventsResponse, Start

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
def client(paceline_server: FakeServer) -> Iterator[PacelineClient]:
    with PacelineClient(paceline_server.target, timeout=10.0) as client:
        yield client


def test_an_event_says_what_happened_when_and_to_whom() -> None:
    shown = impression("m1", "c1", surface="home", position=2, event_time=MOMENT, request_id="r1", event_id="e1")
    assert (shown.event_id, shown.member_id, shown.class_id, shown.request_id) == ("e1", "m1", "c1", "r1")
    assert shown.event_time.ToDatetime(UTC) == MOMENT
    assert (shown.impression.surface, shown.impression.position) == ("home", 2)
    assert start("m1", "c1", impression_id="e1").start.impression_id == "e1"
    assert completion("m1", "c1", watched_minutes=12.5).completion.watched_minutes == 12.5
    assert rating("m1", "c1", 4).rating.rating == 4


def test_each_event_has_an_id_and_a_time_of_its_own() -> None:
    one, other = start("m1", "c1"), start("m1", "c1")
    assert one.event_id != other.event_id
    assert abs((datetime.now(UTC) - one.event_time.ToDatetime(UTC)).total_seconds()) < 60


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="event_time has no time zone"):
        start("m1", "c1", event_time=datetime(2026, 3, 1))


def test_after_a_lost_answer_the_same_events_are_sent(channel: FakeChannel) -> None:
    call = channel.begin(channel.client.record_events, [Event(member_id="m1", class_id="c1", start=Start())])
    first, rpc = channel.take(RECORD)
    rpc.terminate(None, (), grpc.StatusCode.UNAVAILABLE, "lost")
    second, rpc = channel.take(RECORD)
    assert first == second
    assert first.events[0].event_id
    assert first.events[0].HasField("event_time")
    rpc.terminate(RecordEventsResponse(), (), grpc.StatusCode.OK, "")
    assert call.result() == []


def test_any_number_is_sent_a_thousand_at_a_time(client: PacelineClient, paceline_server: FakeServer) -> None:
    results = client.record_events(start("m1", f"c{number}") for number in range(2001))
    assert [result.status for result in results] == [EventStatus.EVENT_STATUS_RECORDED] * 2001
    assert len(paceline_server.requests) == 3
    assert [event.class_id for event in paceline_server.events] == [f"c{number}" for number in range(2001)]


async def test_the_async_client_records_too(paceline_server: FakeServer) -> None:
    sent = [start("m1", "c1"), start("", "c1")]
    async with AsyncPacelineClient(paceline_server.target, timeout=10.0) as client:
        results = await client.record_events(sent) + await client.record_events(sent)
    recorded, duplicate, rejected = (
        EventStatus.EVENT_STATUS_RECORDED,
        EventStatus.EVENT_STATUS_DUPLICATE,
        EventStatus.EVENT_STATUS_REJECTED,
    )
    assert [result.status for result in results] == [recorded, rejected, duplicate, rejected]
    assert paceline_server.events == sent[:1]


def test_no_events_need_no_call(client: PacelineClient, paceline_server: FakeServer) -> None:
    assert client.record_events([]) == []
    assert not paceline_server.requests


def test_an_error_that_is_scripted_is_raised(client: PacelineClient, paceline_server: FakeServer) -> None:
    paceline_server.fail_next(InvalidRequest("no"))
    with pytest.raises(InvalidRequest, match="no"):
        client.record_events([start("m1", "c1")])
    assert not paceline_server.events
