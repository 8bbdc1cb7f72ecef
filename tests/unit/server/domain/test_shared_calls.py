import asyncio
import gc
import weakref
from collections.abc import Iterator, Sequence

import pytest

from server.domain.shared_calls import SharedCalls


class _Answer:
    """What a weak reference can be made to."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
async def test_what_was_answered_is_gone_without_the_garbage_collector() -> None:
    async def make(questions: Sequence[int]) -> Sequence[_Answer]:
        return [_Answer() for _ in questions]

    calls = SharedCalls(make, most=10, calls_at_once=1)

    answers = [weakref.ref(await calls.ask(1, 1)), *[weakref.ref(a) for a in await _ask_twice(calls)]]

    await asyncio.sleep(0)
    assert [answer() for answer in answers] == [None, None, None]


async def _ask_twice(calls: SharedCalls[int, _Answer]) -> Sequence[_Answer]:
    return await asyncio.gather(calls.ask(2, 1), calls.ask(3, 1))
