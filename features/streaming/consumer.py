"""Follows the log: to Parquet, and to the online store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow as pa

from event_log.errors import LogCorrupt
from event_log.event import decode
from event_log.frames import Record
from event_log.limits import MAX_AGE, MICRO
from features.streaming.buffer import Buffer
from features.streaming.feeds import Feed
from features.streaming.member import COMPUTED, STARTS_MICROS, Member, action_of
from features.streaming.ports import EventSource, Push
from features.streaming.tables import moment


@dataclass
class Progress:
    """What a consumer has done.

    Attributes:
        event_count: How many events it has read.
        row_count: How many rows it has pushed.
        file_count: How many files it has written.
        delay_seconds: The longest that an event of the last step took from the server to the online store.
    """

    event_count: int = 0
    row_count: int = 0
    file_count: int = 0
    delay_seconds: float = 0.0


class Consumer:
    """One consumer. Its steps are made by hand, or by `features.streaming.consume`.

    What it pushed and did not write is read again after a crash; so nothing is lost, and nothing is written twice.

    Args:
        source: The log.
        members: What the members did before the cursor that the source has kept.
        feeds: What is pushed.
        push: Pushes it.
        buffer: Keeps rows until they are written.
        now_micros: The time in microseconds since the epoch.
        offset: How far midnight is ahead of UTC.
    """

    def __init__(
        self,
        source: EventSource,
        members: dict[str, Member],
        feeds: Sequence[Feed],
        push: Push,
        buffer: Buffer,
        *,
        now_micros: Callable[[], int],
        offset: timedelta,
    ) -> None:
        self.progress = Progress()
        self._source = source
        self._members = members
        self._feeds = feeds
        self._push = push
        self._buffer = buffer
        self._now_micros = now_micros
        self._offset_micros = offset // MICRO
        self._cursor = source.kept()
        self._oldest_unpushed = 0
        self._unpushed: dict[tuple[int, str], Mapping[str, Any]] = {}

    @property
    def unwritten_count(self) -> int:
        """How many events are pushed and not yet written."""
        return self._buffer.event_count

    def step(self) -> int:
        """Reads some events and pushes the rows of their members; returns how many events there were.

        Raises:
            StoreError: The online store can't be written. The next step begins with what was not pushed.
            EventLogError: The log can't be read, or a record is no event.
        """
        self._push_rows()
        batch = self._source.read(self._cursor)
        if batch.records:
            self._oldest_unpushed = batch.records[0].time_micros
        for record in batch.records:
            self._take(batch.segment, record)
        self._cursor = batch.next
        self.progress.event_count += len(batch.records)
        self._push_rows()
        return len(batch.records)

    def write(self) -> None:
        """Writes what was read to Parquet, and then keeps the cursor.

        Raises:
            StoreError: The online store can't be written, and has to be first.
            SourceError: A file can't be written. The next call writes it.
            EventLogError: The cursor can't be kept.
        """
        self._push_rows()
        self.progress.file_count += self._buffer.write()
        self._source.keep(self._cursor)
        self._forget_idle()

    def _take(self, segment: int, record: Record) -> None:
        try:
            event = decode(record.payload)
        except ValueError as error:
            raise LogCorrupt(f"segment {segment} of the event log: {error}") from None
        self._buffer.add_event(segment, event)
        member = self._members.setdefault(event.member_id, Member())
        if not member.add(action_of(event)):
            return
        for place, feed in enumerate(self._feeds):
            row = self._row(feed, event.member_id, member, record)
            self._buffer.add_row(segment, feed, row)
            self._unpushed[place, event.member_id] = row

    def _row(self, feed: Feed, member_id: str, member: Member, record: Record) -> Mapping[str, Any]:
        values = {
            name: COMPUTED[kind].compute(member, self._offset_micros) for name, kind in feed.computed.items()
        }
        times = {feed.time: moment(member.newest_micros)}
        if feed.created:
            times[feed.created] = moment(record.time_micros)
        return {feed.key: member_id, **values, **times}

    def _forget_idle(self) -> None:
        """Forgets members of whom nothing would count for any event that may still come."""
        oldest = self._now_micros() - STARTS_MICROS - MAX_AGE // MICRO
        for member_id in [name for name, member in self._members.items() if member.newest_micros < oldest]:
            del self._members[member_id]

    def _push_rows(self) -> None:
        """Pushes the last row of each member."""
        if not self._unpushed:
            return
        for place, feed in enumerate(self._feeds):
            rows = [row for (of, _), row in self._unpushed.items() if of == place]
            self._push(feed.source, pa.Table.from_pylist(rows, feed.schema))
        self.progress.row_count += len(self._unpushed)
        self.progress.delay_seconds = (self._now_micros() - self._oldest_unpushed) / 1e6
        self._unpushed.clear()
