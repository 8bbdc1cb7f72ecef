"""A server that records events into a real log, on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from paceline import AsyncPacelineClient, RetryPolicy
from server.events.file_log import FileEventLog
from server.events.recorder import Recorder
from server.rpc.services import event_service
from tests.support.channels import Served, running
from tests.support.logs import now_micros


@asynccontextmanager
async def recording(folder: Path) -> AsyncIterator[tuple[Served, AsyncPacelineClient]]:
    """Runs a server that records events until the block ends, with a client that asks once."""
    log = FileEventLog(folder, now_micros)
    recorder = Recorder(log, now_micros)
    async with (
        running([event_service(recorder.record, recorder.record_stream)]) as served,
        AsyncPacelineClient(served.address, timeout=30, retry=RetryPolicy(attempts=1)) as client,
    ):
        yield served, client
    await log.close()
