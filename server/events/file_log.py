"""The log of `event_log` in a folder, for an event loop."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from event_log.commits import GroupCommits, Result
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
        self._writer = LogWriter(folder, now_micros=now_micros, remember_micros=REMEMBER // MICRO)
        self._commits = GroupCommits(self._append, on_commit)
        self._folder = folder
        self._is_usable = True

    def warm_up(self) -> None:
        """Begins to read the ids of a log that is there, for which the first event would have to wait."""
        if self._folder.exists():
            self._commits.submit([]).add_done_callback(self._warmed_up)

    async def append(self, events: Sequence[Event]) -> Sequence[Appended]:
        """See `EventLog.append`."""
        try:
            appended = await asyncio.wrap_future(self._commits.submit(events))
        except EventLogError as error:
            self._note(error)
            message = "the event log can't be written; nothing of this message was recorded"
            raise EventLogUnavailable(message) from None
        self._note(None)
        return appended

    async def close(self) -> None:
        """Returns once what was submitted is on disk, or the disk has had its time."""
        if not await asyncio.to_thread(self._commits.close):
            logger.error("the event log still waits for the disk; what was not acknowledged may not be recorded")

    def _append(self, events: Sequence[Event]) -> Sequence[Appended]:
        return self._writer.append([_entry(event) for event in events])

    def _warmed_up(self, result: Result) -> None:
        self._note(result.exception())

    def _note(self, error: BaseException | None) -> None:
        """Logs a change only: a disk that is full fails every call."""
        if (error is None) is not self._is_usable:
            self._is_usable = error is None
            if error:
                logger.error("no events are recorded: %s", error)
            else:
                logger.warning("events are recorded again")


def _entry(event: Event) -> Entry:
    data = encode(event)
    return Entry(digest(event.event_id.encode()), digest(data), data)
