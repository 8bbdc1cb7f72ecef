"""grpcio-testing's channel, which lets a test answer a call by hand, and which here also keeps the timeouts."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar, cast

import grpc
import grpc_testing

from paceline import PacelineClient, RetryPolicy, TlsOptions
from paceline.v1 import event_service_pb2, model_service_pb2, recommendation_service_pb2

RECOMMENDATIONS = recommendation_service_pb2.DESCRIPTOR.services_by_name["RecommendationService"]
EVENTS = event_service_pb2.DESCRIPTOR.services_by_name["EventService"]
MODELS = model_service_pb2.DESCRIPTOR.services_by_name["ModelService"]
RECOMMEND = RECOMMENDATIONS.methods_by_name["RecommendClasses"]
BATCH = RECOMMENDATIONS.methods_by_name["BatchRecommendClasses"]
SCORE = RECOMMENDATIONS.methods_by_name["ScoreClasses"]
RECORD = EVENTS.methods_by_name["RecordEvents"]
STATUS = MODELS.methods_by_name["GetModelStatus"]
LONGEST = RetryPolicy(attempts=3, initial_backoff=0.1, max_backoff=1.0, jitter=lambda ceiling: ceiling)
"""Pauses of 0.1 and 0.2 s, without chance."""

Answer = TypeVar("Answer")


class FakeChannel:
    """A channel, a clock that stands still unless moved, and a client that knows no others."""

    def __init__(self) -> None:
        self.time = grpc_testing.strict_fake_time(0.0)
        self.timeouts: list[float] = []
        self._channel = grpc_testing.channel([RECOMMENDATIONS, MODELS, EVENTS], self.time)
        self.client = PacelineClient(
            "no address", retry=LONGEST, connect=self._connect, clock=self.time.time, sleep=self.time.sleep_for
        )

    def begin(self, call: Callable[..., Answer], *args: Any, **options: Any) -> Future[Answer]:
        """Begins a call of the client in a thread of its own."""
        result: Future[Answer] = Future()

        def run() -> None:
            try:
                result.set_result(call(*args, **options))
            except Exception as error:
                result.set_exception(error)

        Thread(target=run, daemon=True).start()
        return result

    def take(self, method: Any = RECOMMEND) -> tuple[Any, Any]:
        """Returns the request of the next attempt, and what answers it."""
        _, request, rpc = self._channel.take_unary_unary(method)
        return request, rpc

    def fail(self, code: grpc.StatusCode, method: Any = RECOMMEND, *, after: float = 0.0) -> None:
        """Lets the next attempt last some seconds and fail."""
        _, rpc = self.take(method)
        self.time.sleep_for(after)
        rpc.terminate(None, (), code, "as told")

    def answer(self, response: Any, method: Any = RECOMMEND) -> None:
        """Lets the next attempt succeed."""
        _, rpc = self.take(method)
        rpc.terminate(response, (), grpc.StatusCode.OK, "")

    def take_batch(self) -> tuple[Any, Any]:
        """Returns the request of the next BatchRecommendClasses, and what answers it."""
        _, request, rpc = self._channel.take_unary_stream(BATCH)
        return request, rpc

    def unary_stream(self, *args: Any, **options: Any) -> Callable[..., Any]:
        return self._timed(self._channel.unary_stream(*args, **options))

    def stream_unary(self, *args: Any, **options: Any) -> Callable[..., Any]:
        return self._timed(self._channel.stream_unary(*args, **options))

    def unary_unary(self, *args: Any, **options: Any) -> Callable[..., Any]:
        return self._timed(self._channel.unary_unary(*args, **options))

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(request: Any, timeout: float) -> Any:
            self.timeouts.append(timeout)
            return method(request, timeout=timeout)

        return call

    def _connect(self, _target: str, _tls: TlsOptions | None) -> grpc.Channel:
        return cast("grpc.Channel", self)
