"""The Parquet files of a view's source, each with the times that its rows lie between."""

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import SourceError
from features.view_sources import ViewSource


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file.

    Attributes:
        path: The file.
        first: The time of its first row; None if the file does not tell.
        last: The time of its last row; None if the file does not tell.
        state: Changes when the file does: its size and when it was written.
    """

    path: str
    first: datetime | None
    last: datetime | None
    state: str


def source_files(source: ViewSource) -> list[SourceFile]:
    """Returns the files of a source, by path.

    Raises:
        SourceError: There are none, one can't be read, or one lacks the column of the times.
    """
    paths = sorted(glob.glob(source.path, recursive=True))  # noqa: PTH207 - the whole path may have wildcards
    if not paths:
        raise SourceError(
            f"view {source.view!r}: there is no file {source.path}; run `paceline features materialize`, or "
            "`paceline events consume` where it is pushed"
        )
    return [_source_file(source, path) for path in paths]


def files_between(files: Sequence[SourceFile], begin: datetime, end: datetime) -> list[SourceFile]:
    """Returns the files that may have rows from `begin` until before `end`; if none has, one for its columns."""
    found = [
        file
        for file in files
        if file.first is None or file.last is None or (file.first < end and file.last >= begin)
    ]
    return found or list(files[:1])


def _source_file(source: ViewSource, path: str) -> SourceFile:
    try:
        metadata, stat = pq.read_metadata(path), Path(path).stat()
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"view {source.view!r}: {path} can't be read: {error}") from None
    columns = metadata.schema.to_arrow_schema().names
    for name in (*source.keys.values(), *source.features.values(), source.time, source.created):
        if name and name not in columns:
            raise SourceError(
                f"view {source.view!r}: {path} lacks the column {name!r}, found {', '.join(columns)}"
            )
    first, last = _range(metadata, source.time)
    return SourceFile(path, first, last, f"{stat.st_size} {stat.st_mtime_ns}")


def _range(metadata: pq.FileMetaData, column: str) -> tuple[datetime | None, datetime | None]:
    """Returns the least and the greatest value of a column of times, as the statistics of the file tell them."""
    place = next(i for i in range(metadata.num_columns) if metadata.schema.column(i).path == column)
    groups = [metadata.row_group(number).column(place).statistics for number in range(metadata.num_row_groups)]
    if not groups or not all(group is not None and group.has_min_max for group in groups):
        return None, None
    return min(_utc(group.min) for group in groups), max(_utc(group.max) for group in groups)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
