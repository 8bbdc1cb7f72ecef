"""A real process at the other end of a channel, without TensorFlow."""

import asyncio
from pathlib import Path

import pytest

from server.models.ports import CallFailed
from server.models.runner.workers import CALLS_AT_ONCE
from tests.support.scripted_runner import ScriptedRunner

pytestmark = pytest.mark.slow


async def test_results_that_can_not_be_packed_fail_alone() -> None:
    runner = await ScriptedRunner.start(lambda: None)
    for _ in range(CALLS_AT_ONCE + 1):  # no thread was lost to it
        with pytest.raises(CallFailed, match="lambda"):
            await runner.load(Path("can't be packed"))
    async with asyncio.timeout(60):
        assert await asyncio.gather(*(runner.load(Path("answers")) for _ in range(10))) == [{}] * 10
    await runner.close()


async def test_closing_ends_the_process_and_may_be_repeated() -> None:
    losses: list[str] = []
    runner = await ScriptedRunner.start(lambda: losses.append("lost"))
    await runner.serve()
    assert runner.is_responsive
    await runner.close()
    await runner.close()
    assert (runner.is_lost, runner.is_responsive, losses) == (True, False, [])
