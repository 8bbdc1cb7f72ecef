"""The client for asyncio."""

# A timeout of asyncio.timeout would not reach the server as the call's deadline.
# ruff: noqa: ASYNC109

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar, Unpack

import grpc

from paceline.calls import (
    Choice,
    Moment,
    batch_request,
    batches,
    recommend_request,
    require_serving,
    score_request,
)
from paceline.channels import TlsOptions, open_async_channel
from paceline.errors import Unavailable, rpc_errors
from paceline.events import event_requests
from paceline.retry import DEFAULT, Clock, RetryPolicy, Schedule
from paceline.v1.event_service_pb2 import Event, EventResult, RecordEventsRequest, RecordEventsResponse
from paceline.v1.event_service_pb2_grpc import EventServiceStub
from paceline.v1.model_service_pb2 import GetModelStatusRequest, GetModelStatusResponse
from paceline.v1.model_service_pb2_grpc import ModelServiceStub
from paceline.v1.recommendation_service_pb2 import (
    RecommendClassesRequest,
    RecommendClassesResponse,
    ScoreClassesResponse,
)
from paceline.v1.recommendation_service_pb2_grpc import RecommendationServiceStub

Answer = TypeVar("Answer")


class AsyncPacelineClient:
    """Asks a Paceline server from the event loop in which it was made; `PacelineClient`, but awaited.

    Args:
        target: The server: "host:port", or any of gRPC's target names; calls go to each of its addresses in turn.
        tls: How to use TLS; None for plain connections.
        timeout: The seconds within which a call ends, its retries included, unless the call says otherwise.
        retry: When a call is tried again.
        connect: Opens the channel; give another to add interceptors.
        clock: The time that deadlines are measured with, in seconds.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        target: str,
        *,
        tls: TlsOptions | None = None,
        timeout: float = 1.0,
        retry: RetryPolicy = DEFAULT,
        connect: Callable[[str, TlsOptions | None], grpc.aio.Channel] = open_async_channel,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._channel = connect(target, tls)
        self._recommendations = RecommendationServiceStub(self._channel)
        self._events = EventServiceStub(self._channel)
        self._models = ModelServiceStub(self._channel)
        self._timeout = timeout
        self._retry = retry
        self._clock = clock
        self._sleep = sleep

    async def recommend_classes(
        self, member_id: str, *, timeout: float | None = None, **choice: Unpack[Choice]
    ) -> RecommendClassesResponse:
        """Returns the classes that the member is most likely to start, best first.

        See `PacelineClient.recommend_classes` for the arguments and errors.
        """
        request = recommend_request(member_id, **choice)
        return await self._call(
            lambda left: self._recommendations.RecommendClasses(request, timeout=left), timeout
        )

    async def batch_recommend_classes(
        self, requests: Iterable[RecommendClassesRequest], *, timeout: float = 60.0
    ) -> AsyncIterator[tuple[int, RecommendClassesResponse]]:
        """Yields the place of each request, from 0, and its answer, in any order: for mails and the like.

        See `PacelineClient.batch_recommend_classes` for the arguments and errors.
        """
        for batch in batches(requests):
            schedule = Schedule(self._retry, timeout, self._clock)
            while batch:
                try:
                    async for answer in self._answers(batch, schedule.remaining()):
                        yield answer
                except Unavailable:
                    pause = schedule.next_pause()
                    if pause is None:
                        raise
                    await self._sleep(pause)

    async def score_classes(
        self, member_id: str, class_ids: Iterable[str], *, timeout: float | None = None, **moment: Unpack[Moment]
    ) -> ScoreClassesResponse:
        """Returns the score of each class, in the order given.

        See `PacelineClient.score_classes` for the arguments and errors.
        """
        request = score_request(member_id, class_ids, **moment)
        return await self._call(lambda left: self._recommendations.ScoreClasses(request, timeout=left), timeout)

    async def record_events(self, events: Iterable[Event], *, timeout: float | None = None) -> list[EventResult]:
        """Records what members did, and returns what became of each event, in order.

        See `PacelineClient.record_events` for the arguments and errors.
        """
        requests = event_requests(events)
        return [result for request in requests for result in (await self._record(request, timeout)).results]

    async def get_model_status(
        self, model_name: str = "", *, timeout: float | None = None
    ) -> GetModelStatusResponse:
        """Returns the state of every version that the server has seen, newest first.

        See `PacelineClient.get_model_status` for the arguments and errors.
        """
        request = GetModelStatusRequest(model_name=model_name)
        return await self._call(lambda left: self._models.GetModelStatus(request, timeout=left), timeout)

    async def wait_until_serving(self, timeout: float) -> None:
        """Returns once the server has a version to rank with.

        See `PacelineClient.wait_until_serving` for the argument and errors.
        """

        async def ask(left: float) -> None:
            require_serving(await self._models.GetModelStatus(GetModelStatusRequest(), timeout=left))

        await self._call(ask, timeout, self._retry.until_deadline())

    async def close(self) -> None:
        """Closes the channel; calls still under way are cancelled."""
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _answers(
        self, batch: dict[int, RecommendClassesRequest], left: float
    ) -> AsyncIterator[tuple[int, RecommendClassesResponse]]:
        """Yields what is answered of a batch, and leaves in it what is not."""
        places = list(batch)
        with rpc_errors():
            async for answer in self._recommendations.BatchRecommendClasses(batch_request(batch), timeout=left):
                place = places[answer.request_index]
                del batch[place]
                yield place, answer.response

    async def _record(self, request: RecordEventsRequest, timeout: float | None) -> RecordEventsResponse:
        return await self._call(lambda left: self._events.RecordEvents(request, timeout=left), timeout)

    async def _call(
        self,
        attempt: Callable[[float], Awaitable[Answer]],
        timeout: float | None,
        retry: RetryPolicy | None = None,
    ) -> Answer:
        """Makes attempts, each with the seconds left, until one succeeds or the schedule ends."""
        schedule = Schedule(retry or self._retry, self._timeout if timeout is None else timeout, self._clock)
        while True:
            try:
                with rpc_errors():
                    return await attempt(schedule.remaining())
            except Unavailable:
                pause = schedule.next_pause()
                if pause is None:
                    raise
            await self._sleep(pause)
