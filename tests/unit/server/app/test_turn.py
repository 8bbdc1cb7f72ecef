"""One task of one process at a time has the turn."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from subprocess import PIPE
from typing import IO

import pytest

from server.app.turn import FileTurn

HOLDER = """
import asyncio, sys
from server.app.turn import FileTurn
async def hold():
    async with FileTurn(int(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
asyncio.run(hold())
"""


@pytest.fixture
def file() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as made:
        yield made


def turn(file: IO[bytes]) -> FileTurn:
    """Returns the turn as one of several processes has it."""
    return FileTurn(file.fileno(), pause_seconds=0.001)


async def test_only_one_has_it(file: IO[bytes]) -> None:
    ours, theirs = turn(file), turn(file)
    holding = most = 0

    async def hold(which: FileTurn) -> None:
        nonlocal holding, most
        async with which:
            holding += 1
            most = max(most, holding)
            await asyncio.sleep(0)
            holding -= 1

    await asyncio.gather(*(hold(which) for which in [ours, theirs, ours, theirs]))
    assert most == 1


async def test_one_that_no_longer_waits_does_not_get_it(file: IO[bytes]) -> None:
    ours, theirs = turn(file), turn(file)
    async with ours:
        await stays_waiting(theirs)
    await gets(theirs)
    await gets(ours)


async def test_a_process_that_is_killed_gives_it_back(file: IO[bytes]) -> None:
    number = file.fileno()
    words = (sys.executable, "-c", HOLDER, str(number))
    holder = await asyncio.create_subprocess_exec(*words, pass_fds=[number], stdin=PIPE, stdout=PIPE)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    ours = turn(file)
    await stays_waiting(ours)
    holder.kill()
    await holder.wait()
    await gets(ours)


async def stays_waiting(which: FileTurn) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(take(which), 0.01)


async def gets(which: FileTurn) -> None:
    await asyncio.wait_for(take(which), 10)


async def take(which: FileTurn) -> None:
    async with which:
        pass
