"""Writing rows of a view to Redis column by column, to the bytes that Feast would write row by row."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from feast import FeatureStore, FeatureView

from features.redis_pipe import Pipe, open_pipe
from features.redis_rows import RedisRows, stored_micros


def write_rows(store: FeatureStore, view: FeatureView, chunks: Iterable[pa.RecordBatch]) -> None:
    """Writes rows, a pipeline for each chunk, encoding a chunk while Redis works on the one before it.

    As in Feast, a row that is not newer than the stored one is left out, unless the profile says `skip_dedup`.

    Args:
        store: The feature store, whose online store is one Redis.
        view: The registered view, whose join keys are Strings, with features of types that can be encoded.
        chunks: The rows: join keys, features and event time. A chunk has one row at most for each entity.

    Raises:
        SourceError: A key is null, or a value can't be stored.
        redis.exceptions.RedisError: Redis can't be reached or refuses.
    """
    layout = RedisRows(store, view)
    with open_pipe(store) as pipe:
        for chunk in chunks:
            rows = chunk if store.config.online_store.skip_dedup else _newer(pipe, layout, chunk)
            writes = layout.writes(rows)
            pipe.replies()
            for commands in writes:
                pipe.send(commands)
        pipe.replies()


def _newer(pipe: Pipe, layout: RedisRows, rows: pa.RecordBatch) -> pa.RecordBatch:
    """Returns the rows that are newer than the stored ones."""
    pipe.replies()
    pipe.send(layout.time_reads(rows))
    stored = stored_micros(pipe.replies())
    is_newer = (stored <= 0) | (layout.times(rows).to_numpy() > stored)  # Feast takes 0 for no row, too
    return rows if np.all(is_newer) else rows.filter(pa.array(is_newer))
