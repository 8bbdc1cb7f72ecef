"""A channel to a runner whose end of the connection the test holds, and a clock that the test sets."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any, TypeVar

from server.models.channel import Channel
from server.models.runner.frames import FrameSplitter, to_frame
from server.models.runner.messages import Answer, Call, Failure, Load, Request


async def turn() -> None:
    """Lets the loop turn more often than what has arrived, or waits for it, needs."""
    for _ in range(10):
        await asyncio.sleep(0)


class OtherEnd:
    """The runner's end: reads requests and answers when told."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._splitter = FrameSplitter()

    async def receive(self) -> list[Request]:
        """Returns the requests that have arrived; waits for at least one."""
        data = await asyncio.get_running_loop().sock_recv(self.connection, 1 << 16)
        return list(self._splitter.feed(data))

    async def reply(self, *replies: Answer | Failure) -> None:
        frames = b"".join(to_frame(reply) for reply in replies)
        await asyncio.get_running_loop().sock_sendall(self.connection, frames)

    def nothing_arrived(self) -> bool:
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True


class Pair:
    """A channel, its other end, its clock, and how often it was lost."""

    def __init__(self) -> None:
        self.losses = 0
        self.now = 1000.0

    async def open(self) -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        loop = asyncio.get_running_loop()
        _, self.channel = await loop.create_unix_connection(lambda: Channel(self._lose, self.clock), sock=ours)
        self.end = OtherEnd(theirs)

    def clock(self) -> float:
        return self.now

    def _lose(self) -> None:
        self.losses += 1

    async def start(self, *calls: Call | str) -> list[asyncio.Task[Any]]:
        """Makes the calls, in order; a text is the folder of a SavedModel to load."""
        made = [
            asyncio.ensure_future(self.channel.call(Load(call) if isinstance(call, str) else call))
            for call in calls
        ]
        await asyncio.sleep(0)
        return made


AnyPair = TypeVar("AnyPair", bound=Pair)


@contextlib.asynccontextmanager
async def open_pair(pair: AnyPair) -> AsyncIterator[AnyPair]:
    """Opens a pair, and closes it afterwards."""
    await pair.open()
    with contextlib.closing(pair.end.connection):
        yield pair
        pair.channel.close()
