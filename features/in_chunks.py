"""Writing a view to the online store some rows at a time, by Feast's own writer of that store."""

from datetime import datetime

from feast import FeatureStore, FeatureView
from feast.utils import _convert_arrow_to_proto

from features.copied import CHUNK_ROWS, Wrote, is_copied, unheard
from features.newest_rows import newest_rows


def write_in_chunks(
    store: FeatureStore, view: FeatureView, start: datetime, end: datetime, wrote: Wrote = unheard
) -> bool:
    """Writes the newest row of each entity from `start` to `end` to the online store, if it can.

    Returns:
        Whether it could. If not, nothing was done: see `features.copied`.
    """
    if not is_copied(store, view):
        return False
    features = [feature.name for feature in view.features]
    types = {key.name: key.dtype.to_value_type() for key in view.entity_columns}
    size = store.config.materialization_config.online_write_batch_size or CHUNK_ROWS
    with newest_rows(store, view, features, start, end, chunk=CHUNK_ROWS) as chunks:
        for chunk in chunks:
            for begin in range(0, len(chunk), size):
                rows = _convert_arrow_to_proto(chunk.slice(begin, size), view, types)
                store.provider.online_store.online_write_batch(store.config, view, rows, None)
                wrote(len(rows))
    return True
