"""Which views are written to the online store column by column, past Feast's own way of doing it."""

from datetime import datetime

import pyarrow as pa
from feast import FeatureStore, FeatureView, ValueType
from feast.feature_view import DUMMY_ENTITY_ID
from feast.infra.compute_engines.local.compute import LocalComputeEngine
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore
from feast.infra.online_stores.redis import RedisOnlineStore, RedisType
from feast.infra.passthrough_provider import PassthroughProvider

from features.newest_rows import newest_rows
from features.redis_writer import write_rows
from features.schema import row_schema
from features.value_columns import ENCODERS

CHUNK_ROWS = 4096
"""How many rows are in memory at a time, and in one pipeline."""


def write_by_column(store: FeatureStore, view: FeatureView, start: datetime, end: datetime) -> bool:
    """Writes the newest row of each entity from `start` to `end` to the online store, if it can.

    Returns:
        Whether it could. If not, nothing was done: the rows are not in DuckDB's reach, the online store is not one
        Redis, a key is not a String, Feast does more with the view than to copy its rows, or a type is unknown or
        not the declared one.

    Raises:
        SourceError: A key is null, or a value can't be stored.
        redis.exceptions.RedisError: Redis can't be reached or refuses.
    """
    if not (_is_from_files_to_redis(store) and _is_plain(view)):
        return False
    features = [feature.name for feature in view.features]
    with newest_rows(store, view, features, start, end, chunk=CHUNK_ROWS) as chunks:
        if not _has_types(view, chunks.schema):
            return False
        write_rows(store, view, chunks)
    return True


def _is_from_files_to_redis(store: FeatureStore) -> bool:
    """Tells whether Feast's own classes do all; a subclass may do it in another way."""
    provider, config = store.provider, store.config
    return (
        type(provider) is PassthroughProvider
        and type(provider.batch_engine) is LocalComputeEngine
        and type(provider.offline_store) is DuckDBOfflineStore
        and type(provider.online_store) is RedisOnlineStore
        and config.online_store.redis_type != RedisType.redis_cluster
        and config.entity_key_serialization_version == 3
    )


def _is_plain(view: FeatureView) -> bool:
    """Tells whether Feast would write the rows of a view's source as they are, to the online store alone."""
    return (
        type(view) is FeatureView
        and not (view.offline or view.enable_validation or view.source_views or view.stream_source)
        and DUMMY_ENTITY_ID not in view.join_keys
        and all(key.dtype.to_value_type() == ValueType.STRING for key in view.entity_columns)
        and all(f.dtype.to_value_type() in ENCODERS and not f.vector_index for f in view.features)
    )


def _has_types(view: FeatureView, found: pa.Schema) -> bool:
    declared = row_schema(view)
    names = [column.name for column in (*view.entity_columns, *view.features)]
    return all(found.field(name).type == declared.field(name).type for name in names)
