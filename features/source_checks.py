"""What is wrong with the files of a view's rows, found before any of them is written anywhere."""

import glob
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from feast import FeatureView

from features.errors import SourceError
from features.schema import row_source, rows_path


def check_files(view: FeatureView, repo: Path) -> None:
    """Checks that the files of a view's source have its columns, and times of one kind that can be compared.

    Files in another place than this machine are not checked.

    Args:
        view: The registered view.
        repo: The folder that paths are relative to.

    Raises:
        SourceError: One can't be read, lacks a column, or has times that are no timestamps, or are in nanoseconds,
            which engines round each in its own way; or some have a time zone and others have none.
    """
    zones: dict[tuple[str, bool], str] = {}
    for path, name, found in _times(view, repo):
        if not pa.types.is_timestamp(found) or found.unit == "ns":
            raise _error(view, path, f"{name!r} is {found}, expected a timestamp in microseconds")
        zones.setdefault((name, found.tz is not None), path)
        zoned, bare = zones.get((name, True)), zones.get((name, False))
        if zoned and bare:
            raise _error(view, bare, f"{name!r} has no time zone, which it has in {zoned}")


def _times(view: FeatureView, repo: Path) -> Iterator[tuple[str, str, pa.DataType]]:
    """Yields the type of each column of times in each file."""
    source = row_source(view)
    columns = {mapped: column for column, mapped in source.field_mapping.items()}
    times = [name for name in (source.timestamp_field, source.created_timestamp_column) if name]
    features = [*view.join_keys, *(feature.name for feature in view.features)]
    for path in _files(view, repo):
        schema = _schema(view, path)
        for name in (*features, *times):
            column = columns.get(name, name)
            if column not in schema.names:
                raise _error(view, path, f"there is no column {column!r}, found {', '.join(schema.names)}")
            if name in times:
                yield path, column, schema.field(column).type


def _files(view: FeatureView, repo: Path) -> list[str]:
    path = rows_path(row_source(view))
    if path is None or "://" in path:
        return []
    return sorted(glob.glob(str(repo / path), recursive=True))  # noqa: PTH207 - the whole path may have wildcards


def _schema(view: FeatureView, path: str) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise _error(view, path, f"it can't be read: {error}") from None


def _error(view: FeatureView, path: str, what: str) -> SourceError:
    return SourceError(f"view {view.name!r}: {path}: {what}")
