"""The newest row of each entity in Parquet files, found by its keys and times alone.

Feast's query ranks whole rows, so that all of them are in memory or on the disk at once. Here only the places of
the newest rows are; the rows themselves are streamed.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

MEMORY_LIMIT = "1GB"
"""What DuckDB may take before it spills."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a source to read.

    Attributes:
        keys: Those of the join keys.
        features: Those of the features.
        times: That of the time of an event, and that of its creation if there is one.
    """

    keys: Sequence[str]
    features: Sequence[str]
    times: Sequence[str]


@contextmanager
def newest_in_files(
    path: Path, columns: Columns, start: datetime, end: datetime, *, chunk: int
) -> Iterator[pa.RecordBatchReader]:
    """Finds the newest row of each entity from `start` to `end`, both included.

    Args:
        path: The files, with wildcards or without.
        columns: What to read; the rows with the last times win.
        start: The first moment.
        end: The last.
        chunk: About how many rows to yield at a time.

    Raises:
        duckdb.Error: A file can't be read, or has no such column.
    """
    files = f"read_parquet({_text(str(path))}, file_row_number = true)"
    between = f"{_name(columns.times[0])} BETWEEN {_moment(start)} AND {_moment(end)}"
    newest_first = ", ".join(f"{_name(time)} DESC" for time in columns.times)
    ranked = (
        f"SELECT file_index AS file, file_row_number AS row, row_number() OVER "
        f"(PARTITION BY {_names(columns.keys)} ORDER BY {newest_first}) AS age FROM {files} WHERE {between}"
    )
    query = (
        f"SELECT {_names([*columns.keys, *columns.features, *columns.times])} FROM {files} AS rows "
        f"SEMI JOIN (FROM ({ranked}) WHERE age = 1) AS newest "
        f"ON rows.file_index = newest.file AND rows.file_row_number = newest.row WHERE {between}"
    )
    with tempfile.TemporaryDirectory(prefix="paceline-") as scratch, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"SET temp_directory = {_text(scratch)}")
        yield connection.sql(query).to_arrow_reader(chunk)


def _moment(moment: datetime) -> str:
    return f"TIMESTAMPTZ '{moment.astimezone(UTC).isoformat(sep=' ')}'"


def _names(names: Sequence[str]) -> str:
    return ", ".join(map(_name, names))


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
