"""The join of one day: its rows, and the files that may hold what was known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from features.source_files import SourceFile, files_between, source_files
from features.view_sources import ViewSource
from training.joins.sql import Window, join_sql

_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DayJoin:
    """What an engine needs to know of one day.

    Attributes:
        rows: The rows to join, with the time of each in the column `event_time`.
        event_time: The name of that column.
        window: The day.
        sources: Where the features are.
        files: Of each source the files that may hold what was known on the day, at least one.
    """

    rows: pa.Table
    event_time: str
    window: Window
    sources: Sequence[ViewSource]
    files: Sequence[Sequence[SourceFile]]

    def sql(self, moment: str) -> str:
        """Returns the query, for an engine that calls the type of a moment so."""
        return join_sql(self.sources, self.rows.column_names, self.event_time, self.window, moment=moment)


class Engine(Protocol):
    """Something that joins and writes."""

    def write(self, join: DayJoin, folder: Path) -> None:
        """Writes the joined rows in their order as Parquet files into a folder that does not exist yet.

        The rows of the files are in the order of the files' names.

        Raises:
            DataError: A file can't be read, or the query fails.
        """
        ...


class FeatureFiles:
    """The files of all sources of a join."""

    def __init__(self, sources: Sequence[ViewSource]) -> None:
        """Lists the files.

        Raises:
            SourceError: There are none, one can't be read, or one lacks a column.
        """
        self._sources = sources
        self._files = [source_files(source) for source in sources]

    def day(self, rows: pa.Table, event_time: str, window: Window) -> DayJoin:
        """Returns the join of the rows of one day."""
        return DayJoin(rows, event_time, window, self._sources, self._between(window))

    def state(self, window: Window) -> str:
        """Returns a text that changes with the sources and with every file that the join of a day may read."""
        return repr((self._sources, self._between(window)))

    def _between(self, window: Window) -> list[list[SourceFile]]:
        return [
            files_between(files, window.begin - source.ttl if source.ttl else _EVER, window.end)
            for source, files in zip(self._sources, self._files, strict=True)
        ]
