"""The newest row of each entity, as the offline store tells."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from feast import FeatureStore, FeatureView, FileSource
from feast.data_format import ParquetFormat
from feast.data_source import DataSource
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore

from features.newest_in_files import Columns, newest_in_files
from features.schema import row_source, time_columns
from features.spark import offline_session


@contextmanager
def newest_rows(
    store: FeatureStore, view: FeatureView, features: Sequence[str], start: datetime, end: datetime, *, chunk: int
) -> Iterator[pa.RecordBatchReader]:
    """Finds the newest row of each entity from `start` to `end`, both included, to be read some at a time.

    Files on this machine are streamed; from elsewhere Feast fetches all rows at once.

    Args:
        store: The feature store.
        view: The registered view.
        features: The features to read.
        start: The first moment.
        end: The last.
        chunk: About how many rows there are at a time.

    Yields:
        The join keys, the features and the source's times, by the names that they have in the view.
    """
    source = row_source(view)
    columns = {mapped: column for column, mapped in source.field_mapping.items()}

    def stored(names: Sequence[str]) -> list[str]:
        return [columns.get(name, name) for name in names]

    wanted = Columns(stored(view.join_keys), stored(features), stored(time_columns(view)))
    path = _files_here(store, source)
    if path:
        with newest_in_files(path, wanted, start, end, chunk=chunk) as rows:
            yield _renamed(rows, source.field_mapping)
    else:
        fetched = _by_feast(store, source, wanted, start, end)
        yield _renamed(fetched.to_reader(max_chunksize=chunk), source.field_mapping)


def _files_here(store: FeatureStore, source: DataSource) -> Path | None:
    """Returns the Parquet files of a source, if Feast would read them on this machine."""
    is_read_here = type(store.provider.offline_store) is DuckDBOfflineStore
    if not (is_read_here and isinstance(source, FileSource)) or "://" in source.path:
        return None
    is_parquet = isinstance(source.file_format or ParquetFormat(), ParquetFormat)
    return Path(store.repo_path, source.path) if is_parquet else None


def _by_feast(
    store: FeatureStore, source: DataSource, columns: Columns, start: datetime, end: datetime
) -> pa.Table:
    with offline_session(store):
        job = store.provider.offline_store.pull_latest_from_table_or_query(
            config=store.config,
            data_source=source,
            join_key_columns=[*columns.keys],
            feature_name_columns=[*columns.features],
            timestamp_field=columns.times[0],
            created_timestamp_column=columns.times[1] if len(columns.times) > 1 else None,
            start_date=start,
            end_date=end,
        )
        return job.to_arrow()


def _renamed(reader: pa.RecordBatchReader, names: Mapping[str, str]) -> pa.RecordBatchReader:
    fields = [field.with_name(names.get(field.name, field.name)) for field in reader.schema]
    schema = pa.schema(fields)
    batches = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)
    return pa.RecordBatchReader.from_batches(schema, batches)
