"""Where the rows of the feature views are: one folder for each view, one Parquet file for each day."""

import os
from pathlib import Path

from feast import FileSource, PushSource

_BESIDE_REPO = Path(__file__).resolve().parent.parent / "data"
_DATA = Path(os.environ.get("PACELINE_DATA") or _BESIDE_REPO).resolve()


def daily_rows(view: str) -> FileSource:
    """Returns the source of a view, whose files `paceline features materialize` writes."""
    return FileSource(
        name=f"{view}_rows",
        path=str(_DATA / "features" / view / "*.parquet"),
        timestamp_field="event_timestamp",
        created_timestamp_column="created_timestamp",
    )


def pushed_rows(name: str) -> PushSource:
    """Returns the source of views that `paceline events consume` pushes to, and whose rows it keeps as files."""
    return PushSource(name=name, batch_source=daily_rows(name))


def recommended_rows() -> FileSource:
    """Returns the source of what `paceline batch-score` writes."""
    return FileSource(
        name="recommended_rows",
        path=str(_DATA / "recommendations" / "*.parquet"),
        timestamp_field="event_timestamp",
        created_timestamp_column="created_timestamp",
    )
