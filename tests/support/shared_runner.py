"""A runner that several tests load models into, one after the other, as starting one takes seconds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.models.client import RunnerProcess


class SharedRunner(RunnerProcess):
    """Outlives what is loaded into it."""

    async def close(self) -> None:
        """Does nothing."""


@asynccontextmanager
async def shared_runner() -> AsyncIterator[SharedRunner]:
    """Starts a runner, and ends it afterwards."""
    started = await SharedRunner.start(lambda: None)
    yield started
    await RunnerProcess.close(started)
