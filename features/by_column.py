"""Which views are written to the online store column by column, past Feast's own way of doing it."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import pyarrow as pa
from feast import FeatureStore, FeatureView, ValueType
from feast.infra.online_stores.redis import RedisOnlineStore, RedisType

from features.copied import CHUNK_ROWS, Wrote, is_copied, unheard
from features.newest_rows import newest_rows
from features.redis_writer import write_rows
from features.schema import row_schema
from features.value_columns import ENCODERS


def write_by_column(
    store: FeatureStore, view: FeatureView, start: datetime, end: datetime, wrote: Wrote = unheard
) -> bool:
    """Writes the newest row of each entity from `start` to `end` to Redis, a pipeline for each chunk, if it can.

    Returns:
        Whether it could. If not, nothing was done: the view is not copied, see `features.copied`, the online store
        is not one Redis, a key is not a String, or a type is unknown or not the declared one.

    Raises:
        SourceError: A key is null, or a value can't be stored.
        redis.exceptions.RedisError: Redis can't be reached or refuses.
    """
    if not (is_copied(store, view) and _is_redis(store) and _can_be_encoded(view)):
        return False
    features = [feature.name for feature in view.features]
    with newest_rows(store, view, features, start, end, chunk=CHUNK_ROWS) as chunks:
        if not _has_types(view, chunks.schema):
            return False
        write_rows(store, view, _counted(chunks, wrote))
    return True


def _counted(chunks: Iterable[pa.RecordBatch], wrote: Wrote) -> Iterator[pa.RecordBatch]:
    for chunk in chunks:
        yield chunk
        wrote(len(chunk))


def _is_redis(store: FeatureStore) -> bool:
    config = store.config
    return (
        type(store.provider.online_store) is RedisOnlineStore
        and config.online_store.redis_type != RedisType.redis_cluster
        and config.entity_key_serialization_version == 3
    )


def _can_be_encoded(view: FeatureView) -> bool:
    return all(key.dtype.to_value_type() == ValueType.STRING for key in view.entity_columns) and all(
        f.dtype.to_value_type() in ENCODERS and not f.vector_index for f in view.features
    )


def _has_types(view: FeatureView, found: pa.Schema) -> bool:
    declared = row_schema(view)
    names = [column.name for column in (*view.entity_columns, *view.features)]
    return all(found.field(name).type == declared.field(name).type for name in names)
