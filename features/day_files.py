"""The Parquet files of a feature view: one for each day, written aside and renamed into place."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from feast import FeatureView

from contract.durable import whole_file
from features.errors import RepositoryError
from features.schema import row_source, rows_path

_FINGERPRINT = b"paceline.fingerprint"


def rows_folder(view: FeatureView) -> Path:
    """Returns the folder that a view's source reads.

    Raises:
        RepositoryError: The source is not a folder of Parquet files.
    """
    source = row_source(view)
    path = rows_path(source)
    if path is None or Path(path).name != "*.parquet":
        found = path or type(source).__name__
        raise RepositoryError(
            f"view {view.name!r}: its source is {found}, expected one of the files <folder>/*.parquet"
        )
    return Path(path).parent


def day_file(view: FeatureView, day: date) -> Path:
    """Returns the file of a view's rows of one day."""
    return rows_folder(view) / f"day={day.isoformat()}.parquet"


def is_current(path: Path, fingerprint: str) -> bool:
    """Tells whether a file was written with this fingerprint and can be read."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return False
    return bool(metadata.get(_FINGERPRINT) == fingerprint.encode())


def write_rows(path: Path, rows: pa.Table, fingerprint: str, *, group_rows: int | None = None) -> None:
    """Writes a file so that it is there whole or not at all.

    Args:
        path: The file.
        rows: Its rows.
        fingerprint: What `is_current` knows it by.
        group_rows: The most rows of a row group; None leaves that to Arrow.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    marked = rows.replace_schema_metadata({_FINGERPRINT: fingerprint.encode()})
    with whole_file(path) as out:
        pq.write_table(marked, out, coerce_timestamps="us", row_group_size=group_rows)
