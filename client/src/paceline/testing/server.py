"""A gRPC server on a loopback port that answers from a script."""

# The names of some methods are the wire's.
# ruff: noqa: N802

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

import grpc

from paceline.errors import PacelineError, Unavailable
from paceline.testing.events import EventScript
from paceline.testing.script import MODEL_VERSION, Script
from paceline.testing.status import to_status
from paceline.v1.error_reason_pb2 import ERROR_REASON_NO_MODEL
from paceline.v1.event_service_pb2 import (
    Event,
    RecordEventsRequest,
    RecordEventsResponse,
    StreamEventsRequest,
    StreamEventsResponse,
)
from paceline.v1.event_service_pb2_grpc import EventServiceServicer, add_EventServiceServicer_to_server
from paceline.v1.model_service_pb2 import (
    VERSION_STATE_AVAILABLE,
    GetModelStatusRequest,
    GetModelStatusResponse,
    ModelVersionStatus,
    VersionState,
)
from paceline.v1.model_service_pb2_grpc import ModelServiceServicer, add_ModelServiceServicer_to_server
from paceline.v1.recommendation_service_pb2 import (
    BatchRecommendClassesRequest,
    BatchRecommendClassesResponse,
    RecommendClassesRequest,
    RecommendClassesResponse,
    ScoreClassesRequest,
    ScoreClassesResponse,
)
from paceline.v1.recommendation_service_pb2_grpc import (
    RecommendationServiceServicer,
    add_RecommendationServiceServicer_to_server,
)
from paceline.values import Value

Request = (
    RecommendClassesRequest
    | BatchRecommendClassesRequest
    | ScoreClassesRequest
    | GetModelStatusRequest
    | RecordEventsRequest
    | StreamEventsRequest
)
Ranking = Iterable[tuple[str, float]]
"""Class ids and their scores, in any order."""
Response = TypeVar("Response")


class FakeServer(RecommendationServiceServicer, ModelServiceServicer, EventServiceServicer):
    """Answers as a Paceline server would, without a model; for clients of both kinds, in threads and event loops.

    A member without a ranking of its own is unknown, and gets the ranking of `rank_others`, at first empty. The
    classes that exist are those of all rankings and those described.

    Example:
        with FakeServer() as fake, PacelineClient(fake.target) as client:
            fake.rank("m1", [("c1", 0.9), ("c2", 0.4)])
            assert client.recommend_classes("m1").classes[0].class_id == "c1"

    Args:
        credentials: How to use TLS; None for plain connections.

    Attributes:
        target: Where it listens, for the clients.
        requests: Every request received, in order, those included that an error answered.
        version_state: The state of its one version. Unless it is available, rankings fail with NO_MODEL.
    """

    def __init__(self, credentials: grpc.ServerCredentials | None = None) -> None:
        self.requests: list[Request] = []
        self.version_state: VersionState.ValueType = VERSION_STATE_AVAILABLE
        self._script = Script()
        self._events = EventScript()
        self._errors: deque[PacelineError] = deque()
        self._received = threading.Condition()
        self._open = threading.Event()
        self._open.set()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=32), options=[("grpc.so_reuseport", 0)])
        add_RecommendationServiceServicer_to_server(self, self._server)
        add_EventServiceServicer_to_server(self, self._server)
        add_ModelServiceServicer_to_server(self, self._server)
        self.target = f"127.0.0.1:{self._listen(credentials)}"

    def rank(self, member_id: str, ranking: Ranking) -> None:
        """Sets the ranking of one member, who is known from now on."""
        self._script.rankings[member_id] = dict(ranking)

    def rank_others(self, ranking: Ranking) -> None:
        """Sets the ranking of every member without one of their own."""
        self._script.others = dict(ranking)

    @property
    def events(self) -> list[Event]:
        """The events that were recorded, in order."""
        return list(self._events.recorded.values())

    def describe(self, class_id: str, **features: Value) -> None:
        """Sets the features of a class, which requests may filter on and ask for."""
        self._script.class_features[class_id] = features

    def fail_next(self, error: PacelineError, *, times: int = 1) -> None:
        """Answers the next requests of any kind with an error, which the client raises just so."""
        self._errors.extend([error] * times)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Answers no request for as long as the block lasts; then those that still wait."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def wait_for_requests(self, count: int, timeout: float = 10.0) -> None:
        """Returns once `count` requests have been received since the start.

        Raises:
            TimeoutError: There were fewer after `timeout` seconds.
        """
        with self._received:
            if not self._received.wait_for(lambda: len(self.requests) >= count, timeout):
                raise TimeoutError(f"{len(self.requests)} requests received, expected {count}")

    def start(self) -> None:
        """Begins to answer."""
        self._server.start()

    def stop(self) -> None:
        """Ends the server; requests still under way are cancelled. It can't be started again."""
        self._open.set()
        self._server.stop(grace=None).wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def RecommendClasses(
        self, request: RecommendClassesRequest, context: grpc.ServicerContext
    ) -> RecommendClassesResponse:
        """Answers from the script."""
        return self._answer(request, context, lambda: self._ranking_script().recommend(request))

    def BatchRecommendClasses(
        self, request: BatchRecommendClassesRequest, context: grpc.ServicerContext
    ) -> Iterator[BatchRecommendClassesResponse]:
        """Answers from the script."""
        yield from self._answer(request, context, lambda: self._ranking_script().recommend_all(request))

    def ScoreClasses(self, request: ScoreClassesRequest, context: grpc.ServicerContext) -> ScoreClassesResponse:
        """Answers from the script."""
        return self._answer(request, context, lambda: self._ranking_script().score(request))

    def RecordEvents(self, request: RecordEventsRequest, context: grpc.ServicerContext) -> RecordEventsResponse:
        """Records each event once."""
        return self._answer(request, context, lambda: self._events.record(request))

    def StreamEvents(
        self, messages: Iterator[StreamEventsRequest], context: grpc.ServicerContext
    ) -> StreamEventsResponse:
        """Records each event of a stream once."""
        sent = list(messages)
        whole = StreamEventsRequest(events=[event for message in sent for event in message.events])
        return self._answer(whole, context, lambda: self._events.record_stream(sent))

    def GetModelStatus(
        self, request: GetModelStatusRequest, context: grpc.ServicerContext
    ) -> GetModelStatusResponse:
        """Answers with the one version and its state."""
        return self._answer(request, context, lambda: self._status(request.model_name))

    def _answer(
        self, request: Request, context: grpc.ServicerContext, respond: Callable[[], Response]
    ) -> Response:
        """Answers one request: records it, waits while held, then fails as told or responds."""
        with self._received:
            self.requests.append(request)
            error = self._errors.popleft() if self._errors else None
            self._received.notify_all()
        self._open.wait()
        try:
            if error:
                raise error
            return respond()
        except PacelineError as failure:
            context.abort_with_status(to_status(failure))

    def _ranking_script(self) -> Script:
        if self.version_state != VERSION_STATE_AVAILABLE:
            raise Unavailable("no version of the model is serving", reason=ERROR_REASON_NO_MODEL)
        return self._script

    def _status(self, model_name: str) -> GetModelStatusResponse:
        version = ModelVersionStatus(model_version=MODEL_VERSION, state=self.version_state)
        return GetModelStatusResponse(versions=[version] if model_name in {"", MODEL_VERSION.name} else [])

    def _listen(self, credentials: grpc.ServerCredentials | None) -> int:
        if credentials is None:
            return self._server.add_insecure_port("127.0.0.1:0")
        return self._server.add_secure_port("127.0.0.1:0", credentials)
