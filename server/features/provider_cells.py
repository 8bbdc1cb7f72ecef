"""Reading any online store through the interface that Feast has for all."""

from collections.abc import Sequence
from typing import Any

from server.features.cells import LIST_FIELDS, Cells, ViewFeatures
from server.features.feast_sdk import EntityKey, FeatureStore, Value


class ProviderCells:
    """Implements `server.features.cells.CellReader` by `online_read`, view by view."""

    def __init__(self, store: FeatureStore) -> None:
        self._store = store

    def read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        """Returns the cells of entities; see the protocol."""
        values: dict[str, list[Any]] = {}
        times: dict[str, list[float | None]] = {}
        for view in views:
            rows = self._rows(ids, view)
            # Where there is no row, SQLite gives (None, None), and Redis the epoch with values that are empty.
            times[view.table.name] = [(time.timestamp() or None) if time else None for time, _ in rows]
            cells = [found or {} for _, found in rows]
            for feature in view.features:
                values[feature.name] = [_value(row.get(feature.name), feature.field) for row in cells]
        return Cells(values, times)

    def _rows(self, ids: Sequence[str], view: ViewFeatures) -> Sequence[tuple[Any, Any]]:
        join_keys = [view.table.join_keys[0]]
        keys = [EntityKey(join_keys=join_keys, entity_values=[Value(string_val=value)]) for value in ids]
        names = [feature.name for feature in view.features]  # the store may append to it
        table: Any = view.table  # one of Feast's, as Feast read the registry
        rows: Sequence[tuple[Any, Any]] = self._store.provider.online_read(self._store.config, table, keys, names)
        return rows


def _value(cell: Value | None, field: str) -> Any:
    if cell is None or cell.WhichOneof("val") != field:
        return None
    value = getattr(cell, field)
    return list(value.val) if field in LIST_FIELDS else value
