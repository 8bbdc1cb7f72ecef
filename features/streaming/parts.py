"""Parquet files that grow: one for each segment of the log, in the place of its day."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from contract.durable import sync
from features.day_files import write_rows
from features.errors import SourceError


def merge(path: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema, keys: Sequence[str]) -> None:
    """Adds rows to a file, on disk when it returns; a row takes the place of one with the same keys.

    So rows that are added again, after a crash, are there once.

    Raises:
        SourceError: The file can't be read or written. What was in it is untouched.
    """
    fresh = _last_of_each(pa.Table.from_pylist(list(rows), schema), keys)
    try:
        if path.exists():
            before = pq.ParquetFile(path).read().replace_schema_metadata().cast(schema)
            fresh = pa.concat_tables([_without(before, fresh, keys), fresh])
        write_rows(path, fresh, "")
        sync(path.parent)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"{path} can't be written: {error}") from error


def _last_of_each(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    numbered = _numbered(rows, keys).group_by(list(keys), use_threads=False).aggregate([("row", "max")])
    return rows.take(np.sort(numbered["row_max"].to_numpy()))


def _without(rows: pa.Table, others: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Returns the rows whose keys are not those of others."""
    left = _numbered(rows, keys).join(others.select(keys), list(keys), join_type="left anti")
    return rows.take(np.sort(left["row"].to_numpy()))


def _numbered(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    return rows.select(keys).append_column("row", pa.array(np.arange(len(rows))))
