"""Calls to a runner, whose end of the connection the test holds."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.domain.errors import RunnerLost
from server.models.channel import Channel
from server.models.ports import CallFailed
from server.models.runner.frames import FrameSplitter, to_frame
from server.models.runner.messages import CALLS_AT_ONCE, Answer, Failure, Load, Request


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
    """A channel, its other end, and how often it was lost."""

    def __init__(self) -> None:
        self.losses = 0

    async def open(self) -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        loop = asyncio.get_running_loop()
        _, self.channel = await loop.create_unix_connection(lambda: Channel(self._lose), sock=ours)
        self.end = OtherEnd(theirs)

    def _lose(self) -> None:
        self.losses += 1

    async def start(self, *paths: str) -> list[asyncio.Task[Any]]:
        """Makes one call for each path, in order."""
        calls = [asyncio.ensure_future(self.channel.call(Load(path))) for path in paths]
        await asyncio.sleep(0)
        return calls


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    made = Pair()
    await made.open()
    with contextlib.closing(made.end.connection):
        yield made
        made.channel.close()


async def test_answers_find_their_calls_in_any_order(pair: Pair) -> None:
    first, second = await pair.start("a", "b")
    requests = await pair.end.receive()
    assert [request.call for request in requests] == [Load("a"), Load("b")]
    await pair.end.reply(*(Answer(request.id, request.call) for request in reversed(requests)))
    assert [await first, await second] == [Load("a"), Load("b")]


async def test_a_failure_is_raised_with_its_message(pair: Pair) -> None:
    (call,) = await pair.start("a")
    (request,) = await pair.end.receive()
    await pair.end.reply(Failure(request.id, "no such graph", 5))
    with pytest.raises(CallFailed, match="no such graph"):
        await call


async def test_calls_beyond_the_slots_wait_in_order(pair: Pair) -> None:
    names = [f"model {number}" for number in range(CALLS_AT_ONCE + 2)]
    calls = await pair.start(*names)
    requests = await pair.end.receive()
    assert len(requests) == CALLS_AT_ONCE
    assert pair.end.nothing_arrived()
    for name, call in zip(names, calls, strict=True):
        request = requests.pop(0)
        await pair.end.reply(Answer(request.id, name))
        assert (request.call, await call) == (Load(name), name)
        if name in names[:2]:
            requests += await pair.end.receive()


async def test_a_call_that_is_given_up_while_it_waits_is_never_sent(pair: Pair) -> None:
    *sent, expired, last = await pair.start(*(str(number) for number in range(CALLS_AT_ONCE + 2)))
    requests = await pair.end.receive()
    expired.cancel()
    await pair.end.reply(*(Answer(request.id, None) for request in requests))
    await asyncio.gather(*sent)
    (request,) = await pair.end.receive()
    assert request.call == Load(str(CALLS_AT_ONCE + 1))
    await pair.end.reply(Answer(request.id, "done"))
    assert await last == "done"
    assert expired.cancelled()


async def test_a_call_that_was_sent_keeps_its_slot_until_it_is_answered(pair: Pair) -> None:
    *sent, waiting = await pair.start(*(str(number) for number in range(CALLS_AT_ONCE + 1)))
    requests = await pair.end.receive()
    for call in sent:
        call.cancel()
    for _ in range(10):  # more turns of the loop than a waiting call needs
        await asyncio.sleep(0)
    assert pair.end.nothing_arrived()
    await pair.end.reply(Answer(requests[0].id, None))
    (request,) = await pair.end.receive()
    await pair.end.reply(Answer(request.id, "done"))
    assert await waiting == "done"


async def test_every_call_fails_at_once_when_the_other_end_closes(pair: Pair) -> None:
    calls = await pair.start(*(str(number) for number in range(CALLS_AT_ONCE + 3)))
    pair.end.connection.close()
    for call in calls:
        with pytest.raises(RunnerLost):
            await call
    with pytest.raises(RunnerLost):
        await pair.channel.call(Load("later"))
    assert (pair.channel.is_lost, pair.losses) == (True, 1)


async def test_a_channel_that_is_closed_fails_its_calls_and_is_not_lost_by_surprise(pair: Pair) -> None:
    calls = await pair.start("a", "b", "c")
    pair.channel.close()
    for call in calls:
        with pytest.raises(RunnerLost):
            await call
    assert (pair.channel.is_lost, pair.losses) == (True, 0)
    await pair.end.receive()
    assert await pair.end.receive() == []
