"""Rows on their way to Parquet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from event_log.event import Event
from features.streaming.feeds import Feed
from features.streaming.parts import merge
from features.streaming.tables import SCHEMAS, rows_of

Row = Mapping[str, Any]


class _Part(NamedTuple):
    """A file: of a table or a push source, a day, and a segment of the log."""

    name: str
    day: date
    segment: int


class Buffer:
    """Keeps rows until they are written, by file. Writing them twice does no harm.

    Args:
        world: The folder of the raw tables.
        feeds: Whose rows are kept, too.
    """

    def __init__(self, world: Path, feeds: Sequence[Feed]) -> None:
        self._world = world
        self._feeds = {feed.source: feed for feed in feeds}
        self._events: dict[_Part, list[Row]] = defaultdict(list)
        self._features: dict[_Part, list[Row]] = defaultdict(list)
        self.event_count = 0

    def add_event(self, segment: int, event: Event) -> None:
        """Takes an event of a segment of the log."""
        self.event_count += 1
        for table, row in rows_of(event):
            self._events[_Part(table, row["event_time"].date(), segment)].append(row)

    def add_row(self, segment: int, feed: Feed, row: Row) -> None:
        """Takes a row of features."""
        self._features[_Part(feed.source, row[feed.time].date(), segment)].append(row)

    def write(self) -> int:
        """Writes all rows, features first, and returns how many files that took.

        Events are written last: a member's state is read from them, and an event that it knows makes no row again.

        Raises:
            SourceError: A file can't be written. All rows are still here.
        """
        for part, rows in self._features.items():
            feed = self._feeds[part.name]
            path = feed.folder / f"day={part.day}.live-{part.segment:08d}.parquet"
            merge(path, rows, feed.schema, [name for name in (feed.key, feed.time, feed.created) if name])
        for part, rows in self._events.items():
            path = self._world / part.name / f"day={part.day}" / f"live-{part.segment:08d}.parquet"
            merge(path, rows, SCHEMAS[part.name], SCHEMAS[part.name].names[:1])
        count = len(self._features) + len(self._events)
        self._features.clear()
        self._events.clear()
        self.event_count = 0
        return count
