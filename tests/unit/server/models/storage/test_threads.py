"""Calls that block, in threads that nobody waits for."""

import asyncio
from threading import Event

import pytest

from server.models.storage.threads import in_own_thread

MANY = 40
"""More than the threads that asyncio has for all calls."""


async def test_what_a_call_returns_or_raises_is_passed_on() -> None:
    assert await in_own_thread(divmod, 7, 2) == (3, 1)
    assert await in_own_thread(int, "11", base=2) == 3
    with pytest.raises(ZeroDivisionError):
        await in_own_thread(divmod, 7, 0)


async def test_calls_that_hang_hold_up_no_other() -> None:
    may_end = Event()
    hanging = [asyncio.create_task(in_own_thread(may_end.wait)) for _ in range(MANY)]
    await in_own_thread(may_end.is_set)
    assert not any(task.done() for task in hanging)
    may_end.set()
    assert all(await asyncio.gather(*hanging))


async def test_a_call_that_is_awaited_no_more_ends_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    has_begun, may_end, has_ended = Event(), Event(), Event()

    def call() -> None:
        has_begun.set()
        may_end.wait()
        has_ended.set()

    task = asyncio.create_task(in_own_thread(call))
    await in_own_thread(has_begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    may_end.set()
    await in_own_thread(has_ended.wait)
    assert caplog.records == []
