"""Calls to a runner over a stream: several at a time, answered in any order, failing at once when it is gone."""

import asyncio
import itertools
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, cast

from server.domain.errors import RunnerLost
from server.models.ports import CallFailed
from server.models.runner.frames import FrameSplitter, to_frame
from server.models.runner.messages import Answer, Call, Failure, Ping, Request
from server.models.runner.workers import CALLS_AT_ONCE


@dataclass(frozen=True, slots=True)
class Sent:
    """A call or a ping that was sent, and is not answered yet."""

    call: Call | Ping
    time: float
    """When it was sent, by the channel's clock."""
    answer: asyncio.Future[Any] | None
    """What the caller waits for; nobody waits for a ping."""


class Channel(asyncio.Protocol):
    """The server's end of the connection to a runner.

    Args:
        on_lost: Called once if the other end closes, or is given up; not on `close`.
        clock: The time in seconds.
    """

    def __init__(self, on_lost: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.is_lost = False
        self._on_lost = on_lost
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._splitter = FrameSplitter()
        self._ids = itertools.count()
        self._sent: dict[int, Sent] = {}
        self._slots = asyncio.Semaphore(CALLS_AT_ONCE)

    @property
    def sent(self) -> Collection[Sent]:
        """What was sent and is not answered yet. A call that waits for its turn is not among it."""
        return self._sent.values()

    async def call(self, call: Call) -> Any:
        """Returns the answer to a call, which waits its turn behind those before it.

        A call whose caller gives up while it waits is never sent. One that was sent keeps its slot until it is
        answered, as the runner is busy with it.

        Raises:
            RunnerLost: The other end closed.
            CallFailed: The runner could not do it.
        """
        await self._slots.acquire()
        answer = asyncio.get_running_loop().create_future()
        try:
            self._send(call, answer)
        except BaseException:
            self._slots.release()
            raise
        return await answer

    def ping(self) -> None:
        """Sends a ping, which waits for no turn, and is among `sent` until it is answered.

        Raises:
            RunnerLost: The other end closed.
        """
        self._send(Ping(), None)

    def give_up(self) -> None:
        """Has the other end count as closed, though it is not."""
        self.is_lost = True
        if self._transport:
            self._transport.abort()

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
            self._settle(self._sent.pop(reply.id), reply)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - named by asyncio
        """Part of `asyncio.Protocol`."""
        self.is_lost = True
        while self._sent:
            self._settle(self._sent.popitem()[1], None)
        self._on_lost()

    def _send(self, call: Call | Ping, answer: asyncio.Future[Any] | None) -> None:
        if self.is_lost or self._transport is None:
            raise _lost()
        request = Request(next(self._ids), call)
        self._transport.write(to_frame(request))
        self._sent[request.id] = Sent(call, self._clock(), answer)

    def _settle(self, sent: Sent, reply: Answer | Failure | None) -> None:
        answer = sent.answer
        if answer is None:
            return
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
