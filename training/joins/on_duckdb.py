"""The join on DuckDB, which spills to disk what does not fit into its share of the memory."""

import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from training.errors import DataError
from training.joins.day import DayJoin
from training.joins.sql import DAY_ROWS, ROW, source_table

MEMORY_LIMIT = "2GB"
"""What DuckDB may take before it spills."""


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """Returns a connection whose times are UTC, with its tables, and what it has to spill, in a folder."""
    connection = duckdb.connect(scratch / "scratch.duckdb")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    return connection


class DuckDBEngine:
    """Joins on this machine."""

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="paceline-")
        self._connection = connect(Path(self._scratch.name))

    def table(self, join: DayJoin) -> pa.Table:
        """Returns the joined rows in their order.

        Raises:
            DataError: A file can't be read, or the query fails.
        """
        try:
            return self._run(join).to_arrow_table()
        except duckdb.Error as error:
            raise DataError(f"the features can't be joined: {error}") from error

    def write(self, join: DayJoin, folder: Path) -> None:
        """See `training.joins.day.Engine`."""
        folder.mkdir()
        try:
            self._run(join).write_parquet(str(folder / "part-0.parquet"))
        except duckdb.Error as error:
            raise DataError(f"the features can't be joined: {error}") from error

    def _run(self, join: DayJoin) -> duckdb.DuckDBPyRelation:
        rows = join.rows.append_column(ROW, pa.array(np.arange(join.rows.num_rows)))
        self._connection.register(DAY_ROWS, rows)
        for number, files in enumerate(join.files):
            read = self._connection.read_parquet([file.path for file in files])
            read.create_view(source_table(number), replace=True)
        return self._connection.sql(join.sql("TIMESTAMPTZ"))
