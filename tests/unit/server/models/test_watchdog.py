"""A runner that hangs, whose end of the connection the test holds; the watchdog is stepped by hand."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from server.domain.errors import RunnerLost
from server.models.runner.messages import (
    Answer,
    Call,
    EncodeClasses,
    Load,
    Measure,
    Ping,
    Rank,
    Run,
    Serve,
    WarmUp,
)
from server.models.watchdog import INTERVAL_SECONDS, LIMITS, Watchdog
from tests.support.runner_channel import Pair, open_pair, turn

RANK = Rank(1, {}, np.ones((1, 1), dtype=np.bool_), 1)
RUN = Run("serving_default", {}, ())


class Watched(Pair):
    """A pair with a watchdog."""

    def __init__(self) -> None:
        super().__init__()
        self.kills: list[str] = []

    async def open(self) -> None:
        await super().open()
        self.watchdog = Watchdog(self.channel, self._kill, self.clock)

    def _kill(self, reason: str) -> None:
        self.kills.append(reason)
        self.channel.give_up()

    def step_for(self, seconds: float) -> None:
        """Steps as often as the watchdog does in so many seconds, until the runner is killed."""
        end = self.now + seconds
        while self.now < end and not self.kills:
            self.now += INTERVAL_SECONDS
            self.watchdog.step()

    async def answer_pings(self) -> int:
        """Answers the pings that arrived, and returns how many there were."""
        pings = [request for request in await self.end.receive() if isinstance(request.call, Ping)]
        await self.end.reply(*(Answer(ping.id, None) for ping in pings))
        await turn()
        return len(pings)


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    async with open_pair(Watched()) as opened:
        yield opened


async def test_a_runner_is_pinged_at_each_step_once_it_answered_the_last_ping(watched: Watched) -> None:
    for _ in range(3):
        watched.step_for(INTERVAL_SECONDS)
        assert await watched.answer_pings() == 1
    watched.step_for(4 * INTERVAL_SECONDS)
    assert await watched.answer_pings() == 1


async def test_a_runner_that_answers_late_is_unresponsive_until_it_does(watched: Watched) -> None:
    watched.watchdog.step()
    watched.now += 0.99
    assert watched.watchdog.is_responsive
    watched.now += 0.01
    assert not watched.watchdog.is_responsive
    await watched.answer_pings()
    assert watched.watchdog.is_responsive
    assert watched.kills == []


async def test_a_runner_that_leaves_a_ping_unanswered_is_killed_and_its_calls_fail(watched: Watched) -> None:
    calls = await watched.start(RANK, RANK, RANK)
    watched.watchdog.step()
    watched.step_for(4.5)
    assert watched.kills == []
    watched.step_for(0.5)
    assert watched.kills == ["Ping was not answered within 5 s"]
    for call in calls:
        with pytest.raises(RunnerLost):
            await call
    assert watched.losses == 1


@pytest.mark.parametrize(
    ("call", "limit"),
    [(RANK, 10), (EncodeClasses(1, {}, ()), 10), (RUN, 120), (Measure("rank", {}, {}), 120)],
    ids=lambda value: type(value).__name__,
)
async def test_a_call_that_runs_too_long_has_its_runner_killed(watched: Watched, call: Call, limit: float) -> None:
    await watched.start(call)
    await step_answering(watched, limit - INTERVAL_SECONDS)
    assert watched.kills == []
    watched.step_for(INTERVAL_SECONDS)
    assert watched.kills == [f"{type(call).__name__} was not answered within {limit} s"]


@pytest.mark.parametrize("call", [Load("folder"), WarmUp("folder"), Serve()], ids=lambda call: type(call).__name__)
async def test_what_belongs_to_loading_has_no_limit_here(watched: Watched, call: Call) -> None:
    await watched.start(call)
    await step_answering(watched, 2 * max(LIMITS.values()))
    assert watched.kills == []


async def test_a_call_that_waits_for_its_turn_does_not_count(watched: Watched) -> None:
    await watched.start(RUN, RUN, RANK)
    await step_answering(watched, 60)
    assert watched.kills == []


async def test_a_call_whose_caller_gave_up_counts_as_the_runner_is_busy_with_it(watched: Watched) -> None:
    (call,) = await watched.start(RANK)
    call.cancel()
    await step_answering(watched, 9.5)
    watched.step_for(0.5)
    assert watched.kills == ["Rank was not answered within 10 s"]


async def test_time_in_which_the_server_itself_stood_still_does_not_count(watched: Watched) -> None:
    await watched.start(RANK)
    watched.watchdog.step()
    watched.now += 600
    watched.watchdog.step()
    assert watched.watchdog.is_responsive
    await step_answering(watched, 9.5)
    assert watched.kills == []
    watched.step_for(0.5)
    assert watched.kills == ["Rank was not answered within 10 s"]


async def test_what_was_sent_before_the_runner_serves_is_counted_from_then(watched: Watched) -> None:
    await watched.start(RANK)
    watched.now += 600
    running = asyncio.ensure_future(watched.watchdog.run())
    await asyncio.sleep(0)
    assert watched.kills == []
    running.cancel()


async def test_it_runs_until_the_runner_is_lost(watched: Watched) -> None:
    running = asyncio.ensure_future(watched.watchdog.run())
    assert await watched.answer_pings() == 1
    watched.end.connection.close()
    await running
    assert (watched.kills, watched.losses) == ([], 1)


async def step_answering(watched: Watched, seconds: float) -> None:
    """Steps for so many seconds, with every ping answered."""
    for _ in range(round(seconds / INTERVAL_SECONDS)):
        watched.step_for(INTERVAL_SECONDS)
        if any(isinstance(sent.call, Ping) for sent in watched.channel.sent):
            await watched.answer_pings()
