"""Rows on their way to Parquet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from event_log.event import Event
from features.streaming.feeds import Feed
from features.streaming.parts import merge
from features.streaming.tables import SCHEMAS, day_of, rows_of

Row = Mapping[str, Any]


class Buffer:
    """Keeps rows until they are written, by file. Writing them twice does no harm.

    Args:
        world: The folder of the raw tables.
        feeds: Whose rows are kept, too.
    """

    def __init__(self, world: Path, feeds: Sequence[Feed]) -> None:
        self._world = world
        self._feeds = {feed.source: feed for feed in feeds}
        self._events: dict[tuple[str, Path], list[Row]] = defaultdict(list)
        self._features: dict[tuple[str, Path], list[Row]] = defaultdict(list)
        self.event_count = 0

    def add_event(self, segment: int, event: Event) -> None:
        """Takes an event of a segment of the log."""
        self.event_count += 1
        for table, row in rows_of(event):
            folder = self._world / table / f"day={day_of(event.time_micros)}"
            self._events[table, folder / f"live-{segment:08d}.parquet"].append(row)

    def add_row(self, segment: int, feed: Feed, row: Row) -> None:
        """Takes a row of features."""
        day = row[feed.time].date()
        self._features[feed.source, feed.folder / f"day={day}.live-{segment:08d}.parquet"].append(row)

    def write(self) -> int:
        """Writes all rows, features first, and returns how many files that took.

        Events are written last: a member's state is read from them, and an event that it knows makes no row again.

        Raises:
            SourceError: A file can't be written. All rows are still here.
        """
        for (source, path), rows in self._features.items():
            feed = self._feeds[source]
            merge(path, rows, feed.schema, [name for name in (feed.key, feed.time, feed.created) if name])
        for (table, path), rows in self._events.items():
            merge(path, rows, SCHEMAS[table], SCHEMAS[table].names[:1])
        count = len(self._features) + len(self._events)
        self._features.clear()
        self._events.clear()
        self.event_count = 0
        return count
