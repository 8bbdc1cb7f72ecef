"""The newest row of each entity, as the offline store tells."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa
from feast import FeatureStore, FeatureView
from feast.infra.offline_stores.ibis import IbisRetrievalJob
from feast.infra.offline_stores.offline_store import RetrievalJob

from features.schema import row_source, time_columns
from features.spark import offline_session


@contextmanager
def newest_rows(
    store: FeatureStore, view: FeatureView, features: Sequence[str], start: datetime, end: datetime, *, chunk: int
) -> Iterator[pa.RecordBatchReader]:
    """Finds the newest row of each entity from `start` to `end`, both included, to be read some at a time.

    DuckDB's rows are read as it finds them, and it answers nothing else before the block is left; other stores
    give all at once.

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

    event_time, *created = stored(time_columns(view))
    with offline_session(store):
        job = store.provider.offline_store.pull_latest_from_table_or_query(
            config=store.config,
            data_source=source,
            join_key_columns=stored(view.join_keys),
            feature_name_columns=stored(features),
            timestamp_field=event_time,
            created_timestamp_column=created[0] if created else None,
            start_date=start,
            end_date=end,
        )
        reader = _stream(job, chunk) or job.to_arrow().to_reader(max_chunksize=chunk)
    with reader as rows:
        yield _renamed(rows, source.field_mapping)


def _stream(job: RetrievalJob, chunk: int) -> pa.RecordBatchReader | None:
    """Returns the rows as DuckDB finds them, which Ibis 12 can't from DuckDB 2; None if it is not DuckDB."""
    if not isinstance(job, IbisRetrievalJob):
        return None
    backend = job.table.get_backend()
    return backend.con.sql(backend.compile(job.table)).to_arrow_reader(chunk)


def _renamed(reader: pa.RecordBatchReader, names: Mapping[str, str]) -> pa.RecordBatchReader:
    fields = [field.with_name(names.get(field.name, field.name)) for field in reader.schema]
    schema = pa.schema(fields)
    batches = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)
    return pa.RecordBatchReader.from_batches(schema, batches)
