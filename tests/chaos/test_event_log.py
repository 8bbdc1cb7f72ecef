"""Servers that are killed while they record: every event that was acknowledged is in Parquet, exactly once."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from event_log.event import decode
from features.repository import open_store
from paceline import (
    AsyncPacelineClient,
    DeadlineExceeded,
    Event,
    EventStatus,
    RetryPolicy,
    Unavailable,
    completion,
    impression,
    start,
)
from tests.support.feast_store import SQLITE, write_profile
from tests.support.logs import read_all
from tests.support.server_process import ANY_PORTS, ServerProcess, serving
from tests.support.streaming import LiveSite

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CALLERS = 4
"""Of each server."""
ONCE = RetryPolicy(attempts=1)


@contextmanager
def recording(root: Path, name: str) -> Iterator[ServerProcess]:
    """Runs a server without a model; all servers of a root append to one log, as workers do."""
    flags = ("--models", root / "models", "--repo", root / "feature_repo", "--event-log", root / "event_log")
    command = [sys.executable, "-m", "server", *ANY_PORTS, *flags]
    with serving(command, root / f"{name}.log", cwd=ROOT) as server:
        yield server


class Callers:
    """Those who send events, and what they were told."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.unanswered: list[Event] = []

    async def send(self, address: str) -> None:
        """Sends visits until a call fails."""
        async with AsyncPacelineClient(address, timeout=20, retry=ONCE) as client:
            while True:
                shown = impression("m1", "c1", request_id="r1")
                events = [shown, start("m1", "c1"), completion("m1", "c1", watched_minutes=1.0)]
                try:
                    results = await client.record_events(events)
                except (Unavailable, DeadlineExceeded):
                    self.unanswered += events
                    return
                assert {result.status for result in results} == {EventStatus.EVENT_STATUS_RECORDED}
                self.acknowledged |= {event.event_id for event in events}

    async def more_than(self, count: int) -> None:
        """Returns once so many more events were acknowledged."""
        enough = len(self.acknowledged) + count
        async with asyncio.timeout(60):
            while len(self.acknowledged) < enough:  # noqa: ASYNC110 (many tasks change it)
                await asyncio.sleep(0.01)


async def test_nothing_that_was_acknowledged_is_lost_or_there_twice(tmp_path: Path) -> None:
    repo = write_profile(tmp_path, SQLITE.format(root=tmp_path))
    site, callers = LiveSite(tmp_path, open_store(repo)), Callers()
    with ExitStack() as started:
        servers = [started.enter_context(recording(tmp_path, name)) for name in ("one", "other")]
        calls = [asyncio.create_task(callers.send(s.address)) for s in servers for _ in range(CALLERS)]
        for server in servers:
            await callers.more_than(600)
            server.process.kill()
        await asyncio.gather(*calls)
    recorded = [decode(record.payload).event_id for record in read_all(site.log)[0]]
    assert callers.acknowledged <= set(recorded)
    assert max(Counter(recorded).values()) == 1
    site.consume()
    with recording(tmp_path, "again") as server:
        async with AsyncPacelineClient(server.address, timeout=20) as client:
            results = await client.record_events(callers.unanswered)
    assert EventStatus.EVENT_STATUS_REJECTED not in {result.status for result in results}
    site.consume()
    rows = [row["event_id"] for table in ("starts", "completions") for row in site.table(table)]
    rows += [row["impression_id"] for row in site.table("impressions")]
    assert len(rows) == len(set(rows))
    assert set(rows) == callers.acknowledged | {event.event_id for event in callers.unanswered}
