"""Events over a real channel, into a real log on disk."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest

from event_log.event import Event, EventType, decode
from event_log.files import segment_path
from paceline import (
    AsyncPacelineClient,
    ErrorReason,
    EventRejectionReason,
    EventStatus,
    Unavailable,
    completion,
    impression,
    rating,
    start,
)
from paceline.testing import FakeServer
from paceline.v1 import event_service_pb2 as pb
from paceline.v1.event_service_pb2_grpc import EventServiceStub
from tests.support.channels import status_of
from tests.support.logs import read_all
from tests.support.recording import recording

RECORDED, DUPLICATE = EventStatus.EVENT_STATUS_RECORDED, EventStatus.EVENT_STATUS_DUPLICATE
MOMENT = datetime.now(UTC).replace(microsecond=123_456)


def recorded(folder: Path) -> list[Event]:
    return [decode(record.payload) for record in read_all(folder)[0]]


async def test_every_type_lies_in_the_log_as_it_was_sent(tmp_path: Path) -> None:
    events = [
        impression("m1", "c1", surface="home", position=3, event_id="e1", event_time=MOMENT, request_id="r1"),
        start("m1", "c1", impression_id="e1", event_id="e2", event_time=MOMENT),
        completion("m1", "c1", watched_minutes=12.5, impression_id="e1", event_id="e3", event_time=MOMENT),
        rating("é", "c2", 5, event_id="e4", event_time=MOMENT),
    ]
    async with recording(tmp_path) as (_, client):
        results = await client.record_events(events)
    assert [result.status for result in results] == [RECORDED] * 4
    micros = int(MOMENT.timestamp()) * 1_000_000 + 123_456
    assert recorded(tmp_path) == [
        Event("e1", EventType.IMPRESSION, micros, "m1", "c1", request_id="r1", surface="home", position=3),
        Event("e2", EventType.START, micros, "m1", "c1", impression_id="e1"),
        Event("e3", EventType.COMPLETION, micros, "m1", "c1", impression_id="e1", watched_minutes=12.5),
        Event("e4", EventType.RATING, micros, "é", "c2", rating=5),
    ]


async def test_a_server_that_starts_again_knows_what_was_recorded(tmp_path: Path) -> None:
    sent = [start("m1", "c1"), start("m1", "c2")]
    async with recording(tmp_path) as (_, client):
        await client.record_events(sent[:1])
    async with recording(tmp_path) as (_, client):
        results = await client.record_events(sent)
    assert [result.status for result in results] == [DUPLICATE, RECORDED]
    assert len(recorded(tmp_path)) == 2


async def test_a_stream_of_any_length_is_summed_up(tmp_path: Path) -> None:
    async with recording(tmp_path) as (served, _), grpc.aio.insecure_channel(served.address) as channel:
        one = start("m1", "c1")
        messages = [pb.StreamEventsRequest(events=[start("m1", "c1") for _ in range(400)]) for _ in range(5)]
        messages += [pb.StreamEventsRequest(events=[one, one, start("", "c1")])]
        answer = await EventServiceStub(channel).StreamEvents(iter(messages), timeout=30)
    assert (answer.recorded_count, answer.duplicate_count, answer.rejected_count) == (2001, 1, 1)
    (rejected,) = answer.rejected_events
    assert (rejected.event_index, rejected.rejection.field) == (2002, "member_id")
    assert len(recorded(tmp_path)) == 2001
    assert served.observed == [("StreamEvents", "OK")]


async def test_a_wrong_batch_of_a_stream_ends_it_with_a_reason(tmp_path: Path) -> None:
    async with recording(tmp_path) as (served, _), grpc.aio.insecure_channel(served.address) as channel:
        messages = [pb.StreamEventsRequest(events=[start("m1", "c1")]), pb.StreamEventsRequest()]
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await EventServiceStub(channel).StreamEvents(iter(messages), timeout=30)
    assert status_of(failed.value) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert len(recorded(tmp_path)) == 1


async def test_many_calls_at_a_time_share_writes(tmp_path: Path) -> None:
    async with recording(tmp_path) as (_, client):
        await asyncio.gather(*(client.record_events([start("m1", "c1")]) for _ in range(200)))
    records = read_all(tmp_path)[0]
    assert len(records) == 200
    assert len({record.time_micros for record in records}) < 200


async def test_a_log_that_can_not_be_written_is_told_and_recovered_from(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.write_text("in the way")
    sent = [start("m1", "c1"), start("", "c1")]
    async with recording(folder) as (_, client):
        with pytest.raises(Unavailable, match="nothing of this message was recorded") as failed:
            await client.record_events(sent)
        assert failed.value.reason == ErrorReason.ERROR_REASON_EVENT_LOG_UNAVAILABLE
        assert str(folder) not in str(failed.value)
        folder.unlink()
        results = await client.record_events(sent)
    assert [result.status for result in results] == [RECORDED, EventStatus.EVENT_STATUS_REJECTED]


async def test_damage_is_told_and_nothing_is_recorded(tmp_path: Path) -> None:
    async with recording(tmp_path) as (_, client):
        for _ in range(2):
            await client.record_events([start("m1", "c1")])
    content = bytearray(segment_path(tmp_path, 1).read_bytes())
    content[20] ^= 1
    segment_path(tmp_path, 1).write_bytes(content)
    async with recording(tmp_path) as (_, client):
        with pytest.raises(Unavailable):
            await client.record_events([start("m1", "c1")])
    assert segment_path(tmp_path, 1).read_bytes() == content


CASES: list[Callable[[], list[pb.Event]]] = [
    lambda: [start("m1", "c1", event_id="a"), start("m1", "c1", event_id="b")],
    lambda: [start("m1", "c1", event_id="c", event_time=MOMENT)] * 2,
    lambda: [start("m1", name, event_id="d", event_time=MOMENT) for name in ("c1", "c2")],
    lambda: [start("", "c1"), start("m1", ""), pb.Event(member_id="m1", class_id="c1")],
    list,
]


@pytest.mark.parametrize("case", CASES)
async def test_the_fake_server_agrees(tmp_path: Path, case: Callable[[], list[pb.Event]]) -> None:
    events = case()
    answers = []
    with FakeServer() as fake:
        async with recording(tmp_path) as (_, client), AsyncPacelineClient(fake.target, timeout=30) as scripted:
            for asked in (client, scripted):
                results = await asked.record_events(events)
                answers.append([(r.status, r.rejection.reason, r.rejection.field) for r in results])
        assert [event.event_id for event in fake.events] == [event.event_id for event in recorded(tmp_path)]
    assert answers[0] == answers[1]


STREAMS: list[list[int]] = [[2, 1000], [1, 0], [1, 1001], [1000, 500], []]
"""How many events each message has."""


@pytest.mark.parametrize("member", ["m1", ""])
@pytest.mark.parametrize("sizes", STREAMS)
async def test_the_fake_server_agrees_on_streams(tmp_path: Path, sizes: list[int], member: str) -> None:
    messages = [pb.StreamEventsRequest(events=[start(member, "c1") for _ in range(size)]) for size in sizes]
    answers = []
    with FakeServer() as fake:
        async with recording(tmp_path) as (served, _):
            answers = [await streamed(target, messages) for target in (served.address, fake.target)]
        assert len(fake.events) == len(recorded(tmp_path))
    assert answers[0] == answers[1]


async def streamed(target: str, messages: list[pb.StreamEventsRequest]) -> tuple[object, ...]:
    """Returns what does not depend on the words of a message."""
    async with grpc.aio.insecure_channel(target) as channel:
        try:
            answer = await EventServiceStub(channel).StreamEvents(iter(messages), timeout=30)
        except grpc.aio.AioRpcError as error:
            return (*status_of(error), error.details())
    told = [(r.event_index, r.rejection.reason, r.rejection.field) for r in answer.rejected_events]
    return (answer.recorded_count, answer.duplicate_count, answer.rejected_count, told)


async def test_old_events_and_those_of_the_future_are_rejected_by_the_servers_clock(tmp_path: Path) -> None:
    times = [MOMENT - timedelta(days=365), MOMENT + timedelta(hours=1), MOMENT - timedelta(days=6)]
    async with recording(tmp_path) as (_, client):
        results = await client.record_events([start("m1", "c1", event_time=moment) for moment in times])
    assert [result.rejection.reason for result in results] == [
        EventRejectionReason.EVENT_REJECTION_REASON_TOO_OLD,
        EventRejectionReason.EVENT_REJECTION_REASON_FUTURE,
        EventRejectionReason.EVENT_REJECTION_REASON_UNSPECIFIED,
    ]


async def test_too_many_events_at_once_are_refused(tmp_path: Path) -> None:
    async with recording(tmp_path) as (served, client):
        assert len(await client.record_events(start("m1", "c1") for _ in range(1001))) == 1001
        request = pb.RecordEventsRequest(events=[start("m1", "c1") for _ in range(1001)])
        async with grpc.aio.insecure_channel(served.address) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await EventServiceStub(channel).RecordEvents(request, timeout=30)
    assert status_of(failed.value) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
