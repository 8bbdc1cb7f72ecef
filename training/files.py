"""Reading tables of rows from Parquet and CSV files."""

from pathlib import Path

import pyarrow as pa
from pyarrow import csv, parquet

from training.errors import DataError

_WHOLE_FILE = 2**30
"""How many bytes of a CSV file its column types are inferred from, at most."""


def read_file(path: Path, like: pa.Schema | None = None) -> pa.Table:
    """Returns the rows of a file, whose name says its format: ``.parquet``, ``.csv`` or ``.csv.gz``.

    Args:
        path: The file.
        like: What the columns have to be, as far as they are named in it. A Parquet file knows its own types;
            those of a CSV file are inferred from its values where `like` does not say.

    Raises:
        DataError: There is no such file, or it does not parse.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist")
    try:
        table = _read_csv(path, like) if _is_csv(path) else parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} does not parse: {error}") from None
    names = table.column_names
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise DataError(f"{path} has more than one column {min(twice)!r}")
    return table


def _is_csv(path: Path) -> bool:
    if path.name.endswith((".csv", ".csv.gz")):
        return True
    if path.suffix == ".parquet":
        return False
    raise DataError(f"{path} is neither .parquet nor .csv")


def _read_csv(path: Path, like: pa.Schema | None) -> pa.Table:
    block_size = min(max(path.stat().st_size, 1), _WHOLE_FILE)
    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(block_size=block_size),
        convert_options=csv.ConvertOptions(column_types=like),
    )
