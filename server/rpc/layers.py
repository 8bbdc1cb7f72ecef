"""What every call goes through before and after its servicer method.

A layer wraps a handler in another. The layers of a method are put together once, when it is first called. They are
not an interceptor, through which gRPC would look for the handler of each call anew.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import grpc
from grpc_status import rpc_status

from server.domain.errors import DeadlineExpired, Draining
from server.domain.patience import seconds_given
from server.rpc.call_log import answered_by
from server.rpc.errors import UNEXPECTED, kind_of, to_status

if TYPE_CHECKING:
    MethodHandler = grpc.RpcMethodHandler[Any, Any]
else:
    MethodHandler = grpc.RpcMethodHandler  # generic in its stubs only

logger = logging.getLogger(__name__)

Context = grpc.aio.ServicerContext[Any, Any]
Handler = Callable[[Any, Context], Awaitable[Any]]
Layer = Callable[[str, Handler], Handler]
"""Takes the name of a method and its handler."""
Observe = Callable[[str, str, float], None]
"""Is told of every call: its method, the name of its status code, and how many seconds it took."""


QUIET_SECONDS = 0.1
"""How long no call may come before a server may stop."""


class Gate:
    """Lets calls in until it is closed."""

    def __init__(self) -> None:
        self._is_closed = False
        self._under_way = 0
        self._last_came = time.monotonic()

    async def close(self) -> None:
        """Refuses calls from now on; returns when none is under way and none has come for a moment.

        gRPC cancels a call that comes as its server stops, while a refused one can be asked again elsewhere.
        """
        self._is_closed = True
        while self._under_way or time.monotonic() - self._last_came < QUIET_SECONDS:  # noqa: ASYNC110 - time has to pass
            await asyncio.sleep(QUIET_SECONDS)

    def layer(self, _method: str, handle: Handler) -> Handler:
        """Refuses calls once the gate is closed."""

        async def call(request: Any, context: Context) -> Any:
            self._last_came = time.monotonic()
            if self._is_closed:
                raise Draining("the server is shutting down")
            self._under_way += 1
            try:
                return await handle(request, context)
            finally:
                self._under_way -= 1

        return call


def errors(method: str, handle: Handler) -> Handler:
    """Answers errors with a status. An unexpected one is logged, and nothing of it shows."""

    async def call(request: Any, context: Context) -> Any:
        try:
            return await handle(request, context)
        except Exception as error:
            if kind_of(error) is UNEXPECTED:
                logger.exception("%s failed", method)
            status = rpc_status.to_status(to_status(error))
        return await context.abort_with_status(status)

    return call


def observed(observe: Observe) -> Layer:
    """Returns the layer that tells `observe` of every call, and logs it at the level DEBUG."""

    def layer(method: str, handle: Handler) -> Handler:
        async def call(request: Any, context: Context) -> Any:
            begun, code, response = time.perf_counter(), grpc.StatusCode.OK, None
            try:
                response = await handle(request, context)
                return response
            except asyncio.CancelledError:
                code = grpc.StatusCode.CANCELLED
                raise
            except Exception as error:
                code = kind_of(error).code
                raise
            finally:
                seconds = time.perf_counter() - begun
                observe(method, code.name, seconds)
                if logger.isEnabledFor(logging.DEBUG):
                    answered = answered_by(request, response)
                    logger.debug("%s code=%s ms=%.1f%s", method, code.name, seconds * 1000, answered)

        return call

    return layer


def deadline(_method: str, handle: Handler) -> Handler:
    """Gives up when the caller no longer waits: what has not been begun by then is never done."""

    async def call(request: Any, context: Context) -> Any:
        left = context.time_remaining()
        if left is None:
            return await handle(request, context)
        if left <= 0:
            raise DeadlineExpired("the deadline had passed before the work was begun")
        seconds_given.set(left)  # each call is a task, and so has a context of its own
        try:
            async with asyncio.timeout(left) as scope:
                return await handle(request, context)
        except TimeoutError:
            if not scope.expired():
                raise
            raise DeadlineExpired("the deadline passed") from None

    return call


class LayeredServer:
    """What stubs add services to, for layers around all their methods.

    A method takes one request and answers it once or in a stream, or takes a stream and answers it once.

    Args:
        server: Where the services get to.
        layers: From the outermost to the innermost.
    """

    def __init__(self, server: grpc.aio.Server, layers: Sequence[Layer]) -> None:
        self._server = server
        self._layers = layers

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Adds the handlers of services."""
        self._server.add_generic_rpc_handlers([_LayeredHandlers(found, self._layers) for found in handlers])

    def add_registered_method_handlers(self, service_name: str, handlers: Mapping[str, MethodHandler]) -> None:
        """Adds nothing: stubs that call it add the same handlers above, and these would come before them."""


class _LayeredHandlers(grpc.GenericRpcHandler):
    def __init__(self, handlers: grpc.GenericRpcHandler, layers: Sequence[Layer]) -> None:
        self._handlers = handlers
        self._layers = layers
        self._wrapped: dict[str, MethodHandler] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> MethodHandler | None:
        """Returns the handler of a call, with the layers around it; None for a method of another service."""
        wrapped = self._wrapped.get(handler_call_details.method)
        if wrapped is None:
            handler = self._handlers.service(handler_call_details)
            if handler is None:
                return None
            wrapped = self._wrapped[handler_call_details.method] = self._wrap(handler_call_details.method, handler)
        return wrapped

    def _wrap(self, method: str, handler: MethodHandler) -> MethodHandler:
        make, handle = _kind(handler)
        for layer in reversed(self._layers):
            handle = layer(method, handle)
        return make(handle, handler.request_deserializer, handler.response_serializer)


def _kind(handler: MethodHandler) -> tuple[Callable[..., MethodHandler], Any]:
    """Returns what makes a handler of the same kind, and what handles a call."""
    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler, _writing(handler.unary_stream)
    if handler.request_streaming:
        return grpc.stream_unary_rpc_method_handler, handler.stream_unary
    return grpc.unary_unary_rpc_method_handler, handler.unary_unary


def _writing(stream: Any) -> Handler:
    """Returns a handler that writes what an async generator yields, as fast as the caller takes it."""

    async def call(request: Any, context: Context) -> None:
        responses: AsyncGenerator[Any]
        async with aclosing(stream(request, context)) as responses:
            async for response in responses:
                await context.write(response)

    return call
