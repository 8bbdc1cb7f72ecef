"""The commands that write rows of a view to Redis, and those that ask how new the stored rows are.

The layout is Feast's: one hash for each entity, whatever the view, with a serialised Value for each feature and a
serialised Timestamp for each view.
"""

from collections.abc import Sequence
from functools import partial
from struct import pack

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from feast import FeatureStore, FeatureView, ValueType
from feast.infra.key_encoding_utils import serialize_entity_key_prefix
from feast.infra.online_stores.helpers import _mmh3 as redis_field
from feast.infra.online_stores.helpers import compute_versioned_name
from feast.protos.feast.types.Value_pb2 import ValueType as KeyType
from google.protobuf.timestamp_pb2 import Timestamp
from numpy.typing import NDArray

from features.byte_columns import by_value, joined
from features.errors import SourceError
from features.redis_commands import commands
from features.schema import row_source
from features.value_columns import encode

_MICROS = 10**6


class RedisRows:
    """Rows of one view, as Redis has them."""

    def __init__(self, store: FeatureStore, view: FeatureView) -> None:
        name = compute_versioned_name(view, store.config.registry.enable_online_feature_view_versioning)
        version = store.config.entity_key_serialization_version
        self._view = view
        self._time_field = f"_ts:{name}".encode()
        self._fields = [redis_field(f"{name}:{feature.name}") for feature in view.features]
        self._key_prefix = serialize_entity_key_prefix(view.join_keys, version)
        self._project = store.project.encode()
        self._ttl = store.config.online_store.key_ttl_seconds

    def writes(self, rows: pa.RecordBatch) -> list[pa.Array]:
        """Returns columns of commands, ``[rows]`` each: HSET, and EXPIRE if keys expire.

        Raises:
            SourceError: A key is null, or a value can't be stored.
        """
        keys = self._keys(rows)
        words: list[bytes | pa.Array] = [b"HSET", keys, self._time_field, by_value(self.times(rows), _timestamp)]
        for field, feature in zip(self._fields, self._view.features, strict=True):
            words += [field, self._values(rows, feature.name, feature.dtype.to_value_type())]
        expire = [commands([b"EXPIRE", keys, str(self._ttl).encode()])] if self._ttl else []
        return [commands(words), *expire]

    def time_reads(self, rows: pa.RecordBatch) -> pa.Array:
        """Returns the commands that ask for the times of the stored rows, ``[rows]``."""
        return commands([b"HGET", self._keys(rows), self._time_field])

    def times(self, rows: pa.RecordBatch) -> pa.Array:
        """Returns when rows are true, int64 ``[rows]``, in microseconds since the epoch."""
        found = rows.column(row_source(self._view).timestamp_field)
        return found.cast(pa.timestamp("us", found.type.tz), safe=False).cast(pa.int64())

    def _keys(self, rows: pa.RecordBatch) -> pa.Array:
        """Returns what Feast's `serialize_entity_key` would for texts, and the project behind it."""
        values = [part for name in sorted(self._view.join_keys) for part in self._key_value(rows, name)]
        return joined(self._key_prefix, *values, self._project)

    def _key_value(self, rows: pa.RecordBatch, name: str) -> tuple[pa.Array, pa.Array]:
        texts = rows.column(name)
        if texts.null_count:
            raise SourceError(f"view {self._view.name!r}: the key {name!r} is null in some rows")
        return by_value(pc.binary_length(texts), partial(pack, "<2I", KeyType.STRING)), texts.cast(pa.binary())

    def _values(self, rows: pa.RecordBatch, name: str, value_type: ValueType) -> pa.Array:
        try:
            return encode(value_type, rows.column(name))
        except ValueError as error:
            raise SourceError(f"view {self._view.name!r}, feature {name!r}: {error}") from None


def stored_micros(cells: Sequence[bytes | None]) -> NDArray[np.int64]:
    """Returns the times of stored rows, ``[rows]``, in microseconds since the epoch; 0 where there is none."""
    times = (Timestamp.FromString(cell or b"") for cell in cells)
    return np.fromiter((time.ToMicroseconds() for time in times), np.int64, len(cells))


def _timestamp(micros: int) -> bytes:
    seconds, rest = divmod(micros, _MICROS)
    return Timestamp(seconds=seconds, nanos=rest * 1000).SerializeToString()
