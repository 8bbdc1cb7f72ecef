"""Where the rows of the feature views are: one folder for each view, one Parquet file for each day."""

import os
from pathlib import Path

from feast import FileSource, PushSource
from feast.data_source import DataSource
from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource

_BESIDE_REPO = Path(__file__).resolve().parent.parent / "data"
_DATA = Path(os.environ.get("PACELINE_DATA") or _BESIDE_REPO).resolve()
_IS_ON_SPARK = os.environ.get("PACELINE_PROFILE") == "prod"


def daily_rows(view: str) -> DataSource:
    """Returns the source of a view, whose files `paceline features materialize` writes."""
    return _parquet(f"{view}_rows", _DATA / "features" / view)


def pushed_rows(name: str) -> PushSource:
    """Returns the source of views that `paceline events consume` pushes to, and whose rows it keeps as files."""
    return PushSource(name=name, batch_source=daily_rows(name))


def recommended_rows() -> DataSource:
    """Returns the source of what `paceline batch-score` writes."""
    return _parquet("recommended_rows", _DATA / "recommendations")


def _parquet(name: str, folder: Path) -> DataSource:
    """Returns the source of a folder of Parquet files, as the profile's offline store reads it."""
    event, created = "event_timestamp", "created_timestamp"
    if _IS_ON_SPARK:
        return SparkSource(
            name=name,
            path=str(folder),
            file_format="parquet",
            timestamp_field=event,
            created_timestamp_column=created,
        )
    path = str(folder / "*.parquet")
    return FileSource(name=name, path=path, timestamp_field=event, created_timestamp_column=created)
