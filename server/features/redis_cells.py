"""Reading Redis past Feast's own decoding, which makes a message of every cell and a datetime of every row.

The layout is Feast's: one hash for each entity, whatever the view, with a serialised Value for each feature and a
serialised Timestamp for each view.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from server.features.cells import Cells, Feature, View, ViewFeatures
from server.features.feast_formats import KEY_VERSION, redis_field, serialized_keys
from server.features.value_bytes import decode

ReadHashes = Callable[[Sequence[tuple[bytes, Sequence[bytes]]]], Sequence[Sequence[bytes | None]]]
"""Returns the fields of each of several hashes, in one command for each."""


def _name_of(view: View) -> str:
    return view.name


class RedisCells:
    """Implements `server.features.cells.CellReader` on Redis, all views in one command for each entity.

    Args:
        read_hashes: Reads Redis.
        project: The project, with which Feast ends every key.
        key_version: How the keys of entities are encoded.
        stored_name: Returns the name by which a view is stored.
    """

    def __init__(
        self,
        read_hashes: ReadHashes,
        project: str,
        key_version: int = KEY_VERSION,
        stored_name: Callable[[View], str] = _name_of,
    ) -> None:
        self._read_hashes = read_hashes
        self._project = project.encode()
        self._key_version = key_version
        self._stored_name = stored_name

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
        rows = self._read_hashes([(key, fields) for key in keys])
        return [cells for _, *cells in zip(fields, *rows, strict=True)]

    def _keys(self, join_key: str, ids: Sequence[str]) -> list[bytes]:
        return [key + self._project for key in serialized_keys(join_key, ids, self._key_version)]


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
    return redis_field(view, feature)


def _seconds(cell: bytes | None) -> float | None:
    if not cell:
        return None
    time = Timestamp.FromString(cell)
    return time.seconds + time.nanos / 1e9
