"""Writing a view to the online store some rows at a time, by Feast's own writer of that store."""

from datetime import datetime

import pyarrow as pa
from feast import FeatureStore, FeatureView
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.utils import _convert_arrow_to_proto

from features.copied import CHUNK_ROWS, Wrote, is_copied, unheard
from features.errors import SourceError
from features.newest_rows import newest_rows
from features.schema import row_schema

_Row = tuple[EntityKey, dict[str, Value], datetime, datetime | None]


def write_in_chunks(
    store: FeatureStore, view: FeatureView, start: datetime, end: datetime, wrote: Wrote = unheard
) -> bool:
    """Writes the newest row of each entity from `start` to `end` to the online store, if it can.

    Returns:
        Whether it could. If not, nothing was done: see `features.copied`.

    Raises:
        SourceError: A key is null, or a value can't be stored.
    """
    if not is_copied(store, view):
        return False
    features = [feature.name for feature in view.features]
    size = store.config.materialization_config.online_write_batch_size or CHUNK_ROWS
    with newest_rows(store, view, features, start, end, chunk=CHUNK_ROWS) as chunks:
        for chunk in chunks:
            for begin in range(0, len(chunk), size):
                rows = _rows(view, chunk.slice(begin, size))
                store.provider.online_store.online_write_batch(store.config, view, rows, None)
                wrote(len(rows))
    return True


def _rows(view: FeatureView, chunk: pa.RecordBatch) -> list[_Row]:
    for name in view.join_keys:
        if chunk.column(name).null_count:
            raise SourceError(f"view {view.name!r}: the key {name!r} is null in some rows")
    types = {key.name: key.dtype.to_value_type() for key in view.entity_columns}
    try:
        rows: list[_Row] = _convert_arrow_to_proto(chunk, view, types)
    except (TypeError, ValueError) as error:
        raise SourceError(f"view {view.name!r}: {_misfits(view, chunk.schema)}{error}") from error
    return rows


def _misfits(view: FeatureView, found: pa.Schema) -> str:
    """Names the columns of another type than declared, many of which Feast converts."""
    declared = row_schema(view)
    names = [column.name for column in (*view.entity_columns, *view.features)]
    kinds = ((name, found.field(name).type, declared.field(name).type) for name in names)
    return "".join(
        f"{name!r} is {kind}, expected {expected}; " for name, kind, expected in kinds if kind != expected
    )
