"""Rows of a feature view for any number of members, made of the rows of some simulated ones."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.schema import TIMESTAMP

ROWS_AT_A_TIME = 100_000


def write_members(path: Path, simulated: pa.Table, row_count: int, end: datetime) -> None:
    """Writes a file of rows that repeat simulated ones, each for another member, in random order.

    Args:
        path: The file.
        simulated: Rows of a view.
        row_count: How many are written.
        end: When they are true.
    """
    members = np.random.default_rng(1).permutation(row_count)
    with pq.ParquetWriter(path, simulated.schema, coerce_timestamps="us") as writer:
        for first in range(0, row_count, ROWS_AT_A_TIME):
            numbers = members[first : first + ROWS_AT_A_TIME]
            writer.write_table(_renamed(simulated.take(numbers % len(simulated)), numbers, end))


def _renamed(rows: pa.Table, numbers: np.typing.NDArray[np.int64], end: datetime) -> pa.Table:
    time = pa.array([end] * len(rows), TIMESTAMP)
    columns = {"member_id": pa.array([f"m{number:07}" for number in numbers])}
    columns |= dict.fromkeys(("event_timestamp", "created_timestamp"), time)
    return pa.table({name: columns.get(name, rows[name]) for name in rows.column_names})
