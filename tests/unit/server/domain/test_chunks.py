"""Work that lets the event loop do other work in between."""

import asyncio

import pytest

from server.domain.chunks import CHUNK, each


@pytest.mark.parametrize("count", [0, 1, CHUNK, 2 * CHUNK + 1])
async def test_each_thing_is_worked_on_once_and_in_order(count: int) -> None:
    assert await each(str, range(count)) == [str(number) for number in range(count)]


async def test_others_run_in_between() -> None:
    done: list[int] = []
    work = asyncio.create_task(each(done.append, range(3 * CHUNK)))
    seen = []
    while not work.done():
        await asyncio.sleep(0)
        seen.append(len(done))
    assert {CHUNK, 2 * CHUNK} <= set(seen)
