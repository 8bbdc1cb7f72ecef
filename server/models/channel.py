"""Calls to a runner over a stream: several at a time, answered in any order, failing at once when it is gone."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, cast

from server.domain.errors import RunnerLost
from server.models.ports import CallFailed
from server.models.runner.frames import FrameSplitter, to_frame
from server.models.runner.messages import CALLS_AT_ONCE, Answer, Call, Failure, Request


class Channel(asyncio.Protocol):
    """The server's end of the connection to a runner.

    Args:
        on_lost: Called once if the other end closes; not on `close`.
    """

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self.is_lost = False
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._splitter = FrameSplitter()
        self._ids = itertools.count()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._slots = asyncio.Semaphore(CALLS_AT_ONCE)

    async def call(self, call: Call) -> Any:
        """Returns the answer to a call, which waits its turn behind those before it.

        A call whose caller gives up while it waits is never sent. One that was sent keeps its slot until it is
        answered, as the runner is busy with it.

        Raises:
            RunnerLost: The other end closed.
            CallFailed: The runner could not do it.
        """
        await self._slots.acquire()
        try:
            answer = self._send(call)
        except BaseException:
            self._slots.release()
            raise
        return await answer

    def close(self) -> None:
        """Closes the connection, whereupon the runner ends."""
        self._on_lost = _nothing
        self.is_lost = True
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Part of `asyncio.Protocol`."""
        for reply in self._splitter.feed(data):
            self._settle(self._answers.pop(reply.id), reply)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - named by asyncio
        """Part of `asyncio.Protocol`."""
        self.is_lost = True
        while self._answers:
            self._settle(self._answers.popitem()[1], None)
        self._on_lost()

    def _send(self, call: Call) -> asyncio.Future[Any]:
        if self.is_lost or self._transport is None:
            raise _lost()
        request = Request(next(self._ids), call)
        self._transport.write(to_frame(request))
        answer = asyncio.get_running_loop().create_future()
        self._answers[request.id] = answer
        return answer

    def _settle(self, answer: asyncio.Future[Any], reply: Answer | Failure | None) -> None:
        self._slots.release()
        if answer.done():  # the caller gave up
            return
        match reply:
            case Answer(_, result):
                answer.set_result(result)
            case Failure(_, message, code):
                answer.set_exception(CallFailed(message, code))
            case None:
                answer.set_exception(_lost())


def _lost() -> RunnerLost:
    return RunnerLost("the process that runs the model ended")


def _nothing() -> None:
    """What is called on a loss that was wanted."""
