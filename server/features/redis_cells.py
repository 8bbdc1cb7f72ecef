"""Reading Redis past Feast's own decoding, which makes a message of every cell and a datetime of every row.

The layout is Feast's: one hash for each entity, whatever the view, with a serialised Value for each feature and a
serialised Timestamp for each view.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from server.features.cells import Cells, View, ViewFeatures
from server.features.feast_formats import KEY_VERSION, redis_field, serialized_keys
from server.features.value_bytes import decode
from server.ranking.memo import PerObject

Hashes = Sequence[Sequence[bytes | None]]
"""The fields of each of several hashes."""
ReadHashes = Callable[[Sequence[bytes], Sequence[bytes]], Hashes]
"""Returns the same fields of several hashes, given their keys and the fields."""


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
        self._layouts = PerObject(partial(_Layout, stored_name))

    def read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        """Returns the cells of entities; see the protocol."""
        layout = self._layouts(views)
        return layout.cells(self._read_hashes(self._keys(views[0].table.join_keys[0], ids), layout.fields))

    def _keys(self, join_key: str, ids: Sequence[str]) -> list[bytes]:
        return [key + self._project for key in serialized_keys(join_key, ids, self._key_version)]


class _Layout:
    """The fields of a hash that hold some features: those of one type together, decoded at once; and the times."""

    def __init__(self, stored_name: Callable[[View], str], views: Sequence[ViewFeatures]) -> None:
        stored = [(stored_name(view.table), view) for view in views]
        by_type: dict[str, dict[str, bytes]] = {}
        for name, view in stored:
            for feature in view.features:
                by_type.setdefault(feature.field, {})[feature.name] = redis_field(name, feature.name)
        times = [f"_ts:{name}".encode() for name, _ in stored]
        self.fields = [*chain.from_iterable(found.values() for found in by_type.values()), *times]
        self._types = [(field, len(found)) for field, found in by_type.items()]
        self._names = [*chain.from_iterable(by_type.values())]
        self._views = [view.table.name for view in views]

    def cells(self, rows: Hashes) -> Cells:
        """Returns what the hashes of entities hold, given their fields."""
        size, cells = len(rows), chain.from_iterable(zip(*rows, strict=True))
        found: list[Any] = []
        for field, count in self._types:
            found += decode(field, [*islice(cells, count * size)])
        columns = [found[place * size : (place + 1) * size] for place in range(len(self._names))]
        times = {view: [_seconds(cell) for cell in islice(cells, size)] for view in self._views}
        return Cells(dict(zip(self._names, columns, strict=True)), times)


def _seconds(cell: bytes | None) -> float | None:
    if not cell:
        return None
    time = Timestamp.FromString(cell)
    return time.seconds + time.nanos / 1e9
