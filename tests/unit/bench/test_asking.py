"""What a steady stream of requests counts, against a server that answers when it is told to."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from bench.asking import Asker
from bench.trouble import Course, go_through
from paceline.testing import FakeServer

RATE = 200.0


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as started:
        started.rank_others([("c1", 1.0)])
        yield started


async def test_what_was_sent_is_counted_whenever_it_is_answered(
    server: FakeServer,
) -> None:
    asker = Asker(server.target, RATE, 1)
    asker.begin(["m1", "m2"])
    asking = asyncio.create_task(asker.run())
    with server.held():
        await asyncio.to_thread(server.wait_for_requests, 3)
        counting = asyncio.create_task(asker.answers())
        await asyncio.sleep(0)
        assert not counting.done()
    assert len(await counting) >= 3
    asking.cancel()
    await asyncio.wait([asking])
    await asker.aclose()


async def test_what_was_sent_before_the_others_began_is_not(server: FakeServer) -> None:
    asker = Asker(server.target, RATE, 1)
    asker.begin(["m1"])
    asking = asyncio.create_task(asker.run())
    await asyncio.to_thread(server.wait_for_requests, 3)
    asker.begin(["m2"])
    assert await asker.answers() == []
    asking.cancel()
    await asyncio.wait([asking])
    await asker.aclose()


async def test_no_trouble_is_gone_through_with_an_asker_that_fails(server: FakeServer) -> None:
    well: Any = SimpleNamespace(troubles={})
    nobody = Course(rounds=1, seconds=60, members=0)
    with pytest.raises(ExceptionGroup) as raised:
        await go_through(server.target, well, nobody)
    assert raised.group_contains(ZeroDivisionError)
