"""Calls to a runner, whose end of the connection the test holds."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.domain.errors import RunnerLost
from server.models.ports import CallFailed
from server.models.runner.messages import Answer, Failure, Load, Ping
from server.models.runner.workers import CALLS_AT_ONCE
from tests.support.runner_channel import Pair, open_pair, turn


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with open_pair(Pair()) as opened:
        yield opened


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
    await turn()
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


async def test_a_ping_is_sent_though_every_slot_is_taken(pair: Pair) -> None:
    calls = await pair.start(*(str(number) for number in range(CALLS_AT_ONCE)))
    pair.channel.ping()
    *requests, ping = await pair.end.receive()
    assert ping.call == Ping()
    await pair.end.reply(*(Answer(request.id, None) for request in (ping, *requests)))
    await asyncio.gather(*calls)
    assert not pair.channel.sent


async def test_an_answered_ping_frees_no_slot(pair: Pair) -> None:
    await pair.start(*(str(number) for number in range(CALLS_AT_ONCE + 1)))
    pair.channel.ping()
    *_, ping = await pair.end.receive()
    await pair.end.reply(Answer(ping.id, None))
    await turn()
    assert len(pair.channel.sent) == CALLS_AT_ONCE
    assert pair.end.nothing_arrived()


async def test_what_was_sent_is_told_with_its_time_and_what_waits_is_not(pair: Pair) -> None:
    names = [str(number) for number in range(CALLS_AT_ONCE + 1)]
    *sent, waiting = await pair.start(*names)
    assert [(each.call, each.time) for each in pair.channel.sent] == [(Load(name), 1000.0) for name in names[:-1]]
    pair.now = 1007.0
    requests = await pair.end.receive()
    await pair.end.reply(Answer(requests[0].id, None))
    await sent[0]
    await pair.end.receive()
    assert [(each.call, each.time) for each in pair.channel.sent] == [
        (Load(names[1]), 1000.0),
        (Load(names[2]), 1007.0),
    ]
    waiting.cancel()


async def test_a_call_whose_caller_gave_up_counts_as_sent_until_it_is_answered(pair: Pair) -> None:
    (call,) = await pair.start("a")
    (request,) = await pair.end.receive()
    call.cancel()
    await asyncio.sleep(0)
    assert len(pair.channel.sent) == 1
    await pair.end.reply(Answer(request.id, None))
    await turn()
    assert not pair.channel.sent


async def test_giving_up_fails_the_calls_and_tells_of_the_loss_though_the_other_end_is_open(pair: Pair) -> None:
    calls = await pair.start("a", "b", "c")
    pair.channel.ping()
    pair.channel.give_up()
    assert pair.channel.is_lost
    with pytest.raises(RunnerLost):
        await pair.channel.call(Load("later"))
    for call in calls:
        with pytest.raises(RunnerLost):
            await call
    assert (pair.channel.is_lost, pair.losses) == (True, 1)
