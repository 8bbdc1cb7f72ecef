"""EventService: convert, call, convert."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from event_log.event import Event, EventType
from paceline.v1 import event_service_pb2 as pb
from paceline.v1.event_service_pb2_grpc import EventServiceServicer
from server.domain.chunks import each
from server.domain.events import EventResult, EventStatus, Rejection, RejectionReason, StreamSummary

Record = Callable[[Sequence[Event]], Awaitable[Sequence[EventResult]]]
RecordStream = Callable[[AsyncIterator[Sequence[Event]]], Awaitable[StreamSummary]]

_STATUSES = {status: pb.EventStatus.Value(f"EVENT_STATUS_{status.name}") for status in EventStatus}
_REASONS = {
    reason: pb.EventRejectionReason.Value(f"EVENT_REJECTION_REASON_{reason.name}") for reason in RejectionReason
}


class EventServicer(EventServiceServicer):
    """Records what members do."""

    def __init__(self, record: Record, record_stream: RecordStream) -> None:
        self._record = record
        self._record_stream = record_stream

    async def RecordEvents(  # noqa: N802 (the wire name)
        self, request: pb.RecordEventsRequest, _context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.RecordEventsResponse:
        """Records up to 1,000 events."""
        results = await self._record(await each(to_event, request.events))
        return pb.RecordEventsResponse(results=await each(_result, results))

    async def StreamEvents(  # noqa: N802 (the wire name)
        self, requests: AsyncIterator[pb.StreamEventsRequest], _context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.StreamEventsResponse:
        """Records any number of events."""
        batches = (await each(to_event, request.events) async for request in requests)
        summary = await self._record_stream(batches)
        return pb.StreamEventsResponse(
            recorded_count=summary.recorded_count,
            duplicate_count=summary.duplicate_count,
            rejected_count=summary.rejected_count,
            rejected_events=[
                pb.RejectedEvent(event_index=place, rejection=_rejection(problem))
                for place, problem in summary.rejected
            ],
        )


def to_event(message: pb.Event) -> Event:
    """Returns the event of a message; its type is UNKNOWN if it has no action that this server knows."""
    action = message.WhichOneof("action")
    details = getattr(message, action) if action else None
    return Event(
        event_id=message.event_id,
        type=EventType(action) if action else EventType.UNKNOWN,
        time_micros=_micros(message.event_time),
        member_id=message.member_id,
        class_id=message.class_id,
        request_id=message.request_id,
        **{field.name: getattr(details, field.name) for field in (details.DESCRIPTOR.fields if details else ())},
    )


def _micros(time: Timestamp) -> int:
    return time.seconds * 1_000_000 + time.nanos // 1_000


def _result(result: EventResult) -> pb.EventResult:
    rejection = _rejection(result.rejection) if result.rejection else None
    return pb.EventResult(status=_STATUSES[result.status], rejection=rejection)


def _rejection(problem: Rejection) -> pb.EventRejection:
    return pb.EventRejection(reason=_REASONS[problem.reason], field=problem.field, message=problem.message)
