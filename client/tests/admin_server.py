"""A gRPC server on a loopback port that answers every call of ModelAdminService as it is told to."""

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.message import Message

from paceline.v1 import model_admin_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["ModelAdminService"]


class AdminServer(grpc.GenericRpcHandler):
    """Keeps what it is asked, and answers with the same message or failure until told otherwise.

    Attributes:
        target: Where it listens.
        answer: The response to every call.
        failure: The code that every call fails with instead, if there is one.
        requests: Every request, in order.
        timeouts: The seconds that each caller was ready to wait.
    """

    def __init__(self) -> None:
        self.answer: Message = pb.GetModelConfigResponse()
        self.failure: grpc.StatusCode | None = None
        self.requests: list[Message] = []
        self.timeouts: list[float] = []
        self._server = grpc.server(ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers([self])
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """Returns what answers a method of the service."""
        service, _, method = handler_call_details.method.removeprefix("/").partition("/")
        if service != SERVICE.full_name:
            return None
        request: type[Message] = getattr(pb, f"{method}Request")
        return grpc.unary_unary_rpc_method_handler(self._reply, request.FromString)

    def _reply(self, request: Message, context: grpc.ServicerContext) -> bytes:
        self.requests.append(request)
        self.timeouts.append(context.time_remaining() or 0.0)
        if self.failure is not None:
            context.abort(self.failure, "as told")
        return self.answer.SerializeToString()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(grace=None).wait()
