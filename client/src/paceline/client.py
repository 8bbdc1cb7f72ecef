"""The client for threads."""

import time
from collections.abc import Callable, Iterable, Iterator
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
from paceline.channels import TlsOptions, open_channel
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


class PacelineClient:
    """Asks a Paceline server. One client serves any number of threads; close it when done, or use ``with``.

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
        connect: Callable[[str, TlsOptions | None], grpc.Channel] = open_channel,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._channel = connect(target, tls)
        self._recommendations = RecommendationServiceStub(self._channel)
        self._events = EventServiceStub(self._channel)
        self._models = ModelServiceStub(self._channel)
        self._timeout = timeout
        self._retry = retry
        self._clock = clock
        self._sleep = sleep

    def recommend_classes(
        self, member_id: str, *, timeout: float | None = None, **choice: Unpack[Choice]
    ) -> RecommendClassesResponse:
        """Returns the classes that the member is most likely to start, best first.

        Args:
            member_id: The member to rank for.
            timeout: The seconds within which the call ends; the client's when None.
            choice: Which classes are ranked, and what is returned of them; see `Choice`.

        Raises:
            PacelineError: The call failed.
            ValueError: An argument can't be put into a request; see `recommend_request`.
        """
        request = recommend_request(member_id, **choice)
        return self._call(lambda left: self._recommendations.RecommendClasses(request, timeout=left), timeout)

    def batch_recommend_classes(
        self, requests: Iterable[RecommendClassesRequest], *, timeout: float = 60.0
    ) -> Iterator[tuple[int, RecommendClassesResponse]]:
        """Yields the place of each request, from 0, and its answer, in any order: for mails and the like.

        The requests of other callers go before these. What a server that became unavailable did not answer is
        asked for again.

        Args:
            requests: Any number, each from `recommend_request`; they are sent a thousand at a time.
            timeout: The seconds within which a thousand are answered, retries included.

        Raises:
            PacelineError: A call failed. What was yielded holds.
        """
        for batch in batches(requests):
            schedule = Schedule(self._retry, timeout, self._clock)
            while batch:
                try:
                    yield from self._answers(batch, schedule.remaining())
                except Unavailable:
                    pause = schedule.next_pause()
                    if pause is None:
                        raise
                    self._sleep(pause)

    def score_classes(
        self, member_id: str, class_ids: Iterable[str], *, timeout: float | None = None, **moment: Unpack[Moment]
    ) -> ScoreClassesResponse:
        """Returns the score of each class, in the order given.

        Args:
            member_id: The member to score for.
            class_ids: The classes to score.
            timeout: The seconds within which the call ends; the client's when None.
            moment: What is known of the moment; see `Moment`.

        Raises:
            PacelineError: The call failed.
            ValueError: An argument can't be put into a request; see `score_request`.
        """
        request = score_request(member_id, class_ids, **moment)
        return self._call(lambda left: self._recommendations.ScoreClasses(request, timeout=left), timeout)

    def record_events(self, events: Iterable[Event], *, timeout: float | None = None) -> list[EventResult]:
        """Records what members did, and returns what became of each event, in order.

        What was recorded is on the server's disk. Those that lack an id or a time are given them, so that they may
        be sent again after any error: none is recorded twice.

        Args:
            events: Any number, from `impression`, `start`, `completion` and `rating`; sent a thousand at a time.
            timeout: The seconds within which a thousand are recorded; the client's when None.

        Raises:
            PacelineError: A call failed. The events of those before it are recorded.
        """
        requests = event_requests(events)
        return [result for request in requests for result in self._record(request, timeout).results]

    def get_model_status(self, model_name: str = "", *, timeout: float | None = None) -> GetModelStatusResponse:
        """Returns the state of every version that the server has seen, newest first.

        Args:
            model_name: The model; every model when empty.
            timeout: The seconds within which the call ends; the client's when None.

        Raises:
            PacelineError: The call failed.
        """
        request = GetModelStatusRequest(model_name=model_name)
        return self._call(lambda left: self._models.GetModelStatus(request, timeout=left), timeout)

    def wait_until_serving(self, timeout: float) -> None:
        """Returns once the server has a version to rank with.

        Args:
            timeout: The most seconds to wait.

        Raises:
            Unavailable: There is none in time; tells what was found last.
            PacelineError: The server was reached and refuses to tell.
        """

        def ask(left: float) -> None:
            require_serving(self._models.GetModelStatus(GetModelStatusRequest(), timeout=left))

        self._call(ask, timeout, self._retry.until_deadline())

    def close(self) -> None:
        """Closes the channel; calls still under way are cancelled."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answers(
        self, batch: dict[int, RecommendClassesRequest], left: float
    ) -> Iterator[tuple[int, RecommendClassesResponse]]:
        """Yields what is answered of a batch, and leaves in it what is not."""
        places = list(batch)
        with rpc_errors():
            for answer in self._recommendations.BatchRecommendClasses(batch_request(batch), timeout=left):
                place = places[answer.request_index]
                del batch[place]
                yield place, answer.response

    def _record(self, request: RecordEventsRequest, timeout: float | None) -> RecordEventsResponse:
        return self._call(lambda left: self._events.RecordEvents(request, timeout=left), timeout)

    def _call(
        self, attempt: Callable[[float], Answer], timeout: float | None, retry: RetryPolicy | None = None
    ) -> Answer:
        """Makes attempts, each with the seconds left, until one succeeds or the schedule ends."""
        schedule = Schedule(retry or self._retry, self._timeout if timeout is None else timeout, self._clock)
        while True:
            try:
                with rpc_errors():
                    return attempt(schedule.remaining())
            except Unavailable:
                pause = schedule.next_pause()
                if pause is None:
                    raise
            self._sleep(pause)
