"""Reading Redis past Feast's own decoding, which makes a message of every cell and a datetime of every row.

The layout is Feast's: one hash for each entity, whatever the view, with a serialised Value for each feature and a
serialised Timestamp for each view.
"""

from collections.abc import Sequence
from functools import lru_cache
from struct import pack
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from server.features.cells import Cells, Feature, ViewFeatures
from server.features.feast_sdk import (
    FeatureStore,
    FeatureView,
    ValueType,
    compute_versioned_name,
    redis_field,
    serialize_entity_key_prefix,
)
from server.features.value_bytes import decode


class RedisCells:
    """Implements `server.features.cells.CellReader` on Redis, all views in one command for each entity."""

    def __init__(self, store: FeatureStore) -> None:
        self._config = store.config
        self._online_store: Any = store.provider.online_store
        self._project = store.config.project.encode()

    def read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        """Returns the cells of entities; see the protocol."""
        names = [self._stored_name(view.table) for view in views]
        features = [feature for view in views for feature in view.features]
        fields = [_field(name, f.name) for name, view in zip(names, views, strict=True) for f in view.features]
        fields += [f"_ts:{name}".encode() for name in names]
        columns = self._columns(self._keys(views[0].table.join_keys[0], ids), fields)
        times = zip(views, columns[len(features) :], strict=True)
        return Cells(
            _values(features, columns, len(ids)),
            {view.table.name: [_seconds(cell) for cell in column] for view, column in times},
        )

    def _columns(self, keys: Sequence[bytes], fields: Sequence[bytes]) -> list[list[bytes | None]]:
        """Returns the cells of each field, ``[keys]``."""
        rows = self._online_store._read_hash_fields(self._config, [(key, fields) for key in keys])
        return [cells for _, *cells in zip(fields, *rows, strict=True)]

    def _keys(self, join_key: str, ids: Sequence[str]) -> list[bytes]:
        """Returns what `serialize_entity_key` would, without a message for each."""
        version = self._config.entity_key_serialization_version
        prefix = serialize_entity_key_prefix([join_key], version) + pack("<I", ValueType.STRING)
        encoded = [value.encode() for value in ids]
        return [prefix + pack("<I", len(value)) + value + self._project for value in encoded]

    def _stored_name(self, table: FeatureView) -> str:
        name: str = compute_versioned_name(table, self._config.registry.enable_online_feature_view_versioning)
        return name


def _values(
    features: Sequence[Feature], columns: Sequence[Sequence[bytes | None]], size: int
) -> dict[str, list[Any]]:
    """Decodes all features of one type at once."""
    by_field: dict[str, tuple[list[str], list[bytes | None]]] = {}
    for feature, column in zip(features, columns, strict=False):  # columns of times follow
        names, cells = by_field.setdefault(feature.field, ([], []))
        names.append(feature.name)
        cells.extend(column)
    values: dict[str, list[Any]] = {}
    for field, (names, cells) in by_field.items():
        found = decode(field, cells)
        values.update((name, found[place * size : (place + 1) * size]) for place, name in enumerate(names))
    return values


@lru_cache(maxsize=4096)
def _field(view: str, feature: str) -> bytes:
    field: bytes = redis_field(f"{view}:{feature}")
    return field


def _seconds(cell: bytes | None) -> float | None:
    if not cell:
        return None
    time = Timestamp.FromString(cell)
    return time.seconds + time.nanos / 1e9
