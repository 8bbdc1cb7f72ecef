"""Runners that hang, in every way in which a process can."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from server.domain.errors import RunnerLost
from server.models.client import RunnerProcess
from server.models.loader import Loader
from server.models.watchdog import PING_SECONDS, RANKING_SECONDS, RESPONSIVE_SECONDS
from tests.support.linear_model import class_columns, member_columns
from tests.support.processes import ends_within
from tests.support.scripted_runner import ScriptedRunner

pytestmark = pytest.mark.slow

EVERY_CLASS = np.ones((1, 3), dtype=np.bool_)
LATE_SECONDS = 3
"""How much later than it has to the watchdog may act on a busy machine."""

STANDING_STILL = """
import asyncio, time, uvloop
from pathlib import Path
from tests.support.scripted_runner import ScriptedRunner

async def main():
    runner = await ScriptedRunner.start(lambda: print("lost"))
    await runner.serve()
    await asyncio.sleep(0)  # so that it is pinged
    time.sleep({seconds})  # in which its answer waits to be read
    await asyncio.sleep(2)
    await runner.load(Path("answers"))
    print("answers")
    await runner.close()

uvloop.run(main())
"""


class Loss:
    """Is told of the loss of a runner."""

    def __init__(self) -> None:
        self._happened = asyncio.Event()

    def note(self) -> None:
        assert not self._happened.is_set()
        self._happened.set()

    async def within(self, seconds: float) -> float:
        """Waits for it, and returns how many seconds that took."""
        begun = time.monotonic()
        async with asyncio.timeout(seconds):
            await self._happened.wait()
        return time.monotonic() - begun


async def until(holds: Callable[[], bool]) -> None:
    """Looks again and again; the test's timeout is the limit."""
    while not holds():  # noqa: ASYNC110 - it is another process that changes
        await asyncio.sleep(0.02)


async def test_a_stopped_process_is_unresponsive_then_killed_and_its_calls_fail() -> None:
    loss = Loss()
    runner = await ScriptedRunner.start(loss.note)
    await runner.serve()
    os.kill(runner.pid, signal.SIGSTOP)
    calls = [asyncio.ensure_future(runner.load(Path("answers"))) for _ in range(5)]
    begun = time.monotonic()
    await until(lambda: not runner.is_responsive)
    assert RESPONSIVE_SECONDS <= time.monotonic() - begun <= RESPONSIVE_SECONDS + LATE_SECONDS
    await loss.within(PING_SECONDS + LATE_SECONDS)
    for call in calls:
        with pytest.raises(RunnerLost):
            await call
    assert ends_within(runner.pid, 1)
    assert (runner.is_lost, runner.is_responsive) == (True, False)
    await runner.close()


async def test_a_process_that_is_stopped_for_a_moment_goes_on() -> None:
    runner = await ScriptedRunner.start(lambda: None)
    await runner.serve()
    os.kill(runner.pid, signal.SIGSTOP)
    await until(lambda: not runner.is_responsive)
    os.kill(runner.pid, signal.SIGCONT)
    await until(lambda: runner.is_responsive)
    assert await runner.load(Path("answers")) == {}
    await runner.close()


async def test_a_process_that_keeps_the_interpreter_lock_is_killed() -> None:
    loss = Loss()
    runner = await ScriptedRunner.start(loss.note)
    await runner.serve()
    call = asyncio.ensure_future(runner.load(Path("keeps the lock")))
    waited = await loss.within(PING_SECONDS + LATE_SECONDS)
    assert waited >= PING_SECONDS
    with pytest.raises(RunnerLost):
        await call
    await runner.close()


async def test_a_process_that_hangs_while_it_loads_is_ended_when_loading_takes_too_long(tmp_path: Path) -> None:
    runners: list[RunnerProcess] = []

    async def start(on_lost: Callable[[], None]) -> RunnerProcess:
        runners.append(await ScriptedRunner.start(on_lost))
        os.kill(runners[0].pid, signal.SIGSTOP)
        return runners[0]

    (tmp_path / "classes" / "1").mkdir(parents=True)
    loader = Loader([start], timeout_seconds=0.5, requires_manifest=False)
    with pytest.raises(TimeoutError):
        await loader.load(tmp_path / "classes" / "1", lambda: None)
    assert ends_within(runners[0].pid, 1)


def test_a_server_that_stood_still_itself_kills_no_runner() -> None:
    code = STANDING_STILL.format(seconds=PING_SECONDS + 1)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "answers\n"


async def test_a_model_that_never_ends_is_killed_though_its_process_answers(tmp_path: Path) -> None:
    from tests.support.bad_models import Looping  # noqa: PLC0415 - imports TensorFlow
    from tests.support.saved_models import write_saved_model  # noqa: PLC0415

    write_saved_model(tmp_path, 2.0, Looping)
    loss = Loss()
    runner = await RunnerProcess.start(loss.note)
    await runner.load(tmp_path)
    await runner.encode_classes(1, class_columns(np.array([10, 30, 20], dtype=np.float32)), keep=())
    await runner.serve()
    _, positions = await runner.rank(1, lambda: member_columns(liking=1.0), EVERY_CLASS, 3)
    assert positions.tolist() == [[1, 2, 0]]

    endless = asyncio.ensure_future(runner.rank(1, lambda: member_columns(liking=0.0), EVERY_CLASS, 3))
    begun = time.monotonic()
    _, positions = await runner.rank(1, lambda: member_columns(liking=1.0), EVERY_CLASS, 3)
    assert positions.tolist() == [[1, 2, 0]]
    while time.monotonic() - begun < RANKING_SECONDS - 1:
        assert runner.is_responsive
        await asyncio.sleep(0.1)
    await loss.within(1 + LATE_SECONDS)
    with pytest.raises(RunnerLost):
        await endless
    assert ends_within(runner.pid, 1)
    await runner.close()
