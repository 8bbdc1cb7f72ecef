"""The log of `event_log` in a folder, for an event loop."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from event_log.commits import GroupCommits
from event_log.errors import EventLogError
from event_log.event import Event, digest, encode
from event_log.limits import MICRO, REMEMBER
from event_log.writer import Appended, Entry, LogWriter
from server.domain.errors import EventLogUnavailable

logger = logging.getLogger(__name__)


class FileEventLog:
    """Implements `EventLog`: calls that come at the same time share a write and a sync, in a thread.

    Args:
        folder: The folder of the log; made with the first event.
        now_micros: The time in microseconds since the epoch.
        on_commit: Is told how many seconds each write took; in the thread.
    """

    def __init__(
        self, folder: Path, now_micros: Callable[[], int], on_commit: Callable[[float], None] = lambda _: None
    ) -> None:
        writer = LogWriter(folder, now_micros=now_micros, remember_micros=REMEMBER // MICRO)
        self._commits = GroupCommits(writer.append, on_commit)
        self._folder = folder

    def warm_up(self) -> None:
        """Begins to read the ids of a log that is there, for which the first event would have to wait."""
        if self._folder.exists():
            self._commits.submit([])

    async def append(self, events: Sequence[Event]) -> Sequence[Appended]:
        """See `EventLog.append`."""
        try:
            return await asyncio.wrap_future(self._commits.submit([_entry(event) for event in events]))
        except EventLogError as error:
            logger.error("no event is recorded: %s", error)
            raise EventLogUnavailable("the event log can't be written; nothing was recorded") from None

    async def close(self) -> None:
        """Returns once what was submitted is on disk."""
        await asyncio.to_thread(self._commits.close)


def _entry(event: Event) -> Entry:
    data = encode(event)
    return Entry(digest(event.event_id.encode()), digest(data), data)
