"""Reading features from the online store."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contract.cells import CellStatus, cell_status
from contract.stubs import manifest_pb2 as pb
from server.domain.errors import StoreUnavailable
from server.features.feast_sdk import EntityKey, FeatureStore, FeatureView, Value
from server.features.registry import Registry

logger = logging.getLogger(__name__)

_VALUE_FIELDS = {
    pb.DATA_TYPE_STRING: "string_val",
    pb.DATA_TYPE_INT32: "int32_val",
    pb.DATA_TYPE_INT64: "int64_val",
    pb.DATA_TYPE_FLOAT32: "float_val",
    pb.DATA_TYPE_FLOAT64: "double_val",
    pb.DATA_TYPE_BOOL: "bool_val",
    pb.DATA_TYPE_STRING_LIST: "string_list_val",
    pb.DATA_TYPE_INT64_LIST: "int64_list_val",
    pb.DATA_TYPE_FLOAT32_LIST: "float_list_val",
}
"""The field of Feast's Value that holds each type."""


class OnlineFeatures:
    """Reads features by the rules of `contract.cells`, whatever the store's own conventions.

    Args:
        store: The feature store.
        registry: Its feature views.
        now: The time in seconds since the epoch, for the age of what is read.
    """

    def __init__(self, store: FeatureStore, registry: Registry, now: Callable[[], float]) -> None:
        self._store = store
        self._registry = registry
        self._now = now
        self._is_readable = True

    def read(self, view: str, ids: Sequence[str], inputs: Sequence[pb.Input]) -> Mapping[str, list[Any]]:
        """Returns the values of features of one view by name, one for each id; None where not OK. Blocks.

        Args:
            view: The name of the feature view, which has one join key, a String.
            ids: The entities.
            inputs: Features of the view, with their types and TTLs.

        Raises:
            StoreUnavailable: The store could not be read.
        """
        table = self._registry.view(view)
        rows = self._rows(table, ids, [spec.name for spec in inputs])
        now = self._now()
        # Where there is no row, SQLite gives (None, None), and Redis the epoch with values that are empty.
        ages = [None if time is None else now - time.timestamp() for time, _ in rows]
        cells = [values or {} for _, values in rows]
        return {spec.name: _column(spec, cells, ages) for spec in inputs}

    def _rows(self, table: FeatureView, ids: Sequence[str], names: list[str]) -> Sequence[tuple[Any, Any]]:
        """Calls Feast. It may append to `names`."""
        join_keys = [table.join_keys[0]]
        keys = [EntityKey(join_keys=join_keys, entity_values=[Value(string_val=value)]) for value in ids]
        try:
            rows: Sequence[tuple[Any, Any]] = self._store.provider.online_read(
                self._store.config, table, keys, names
            )
        except Exception as error:  # whatever the store's driver raises
            self._note(readable=False, detail=f": {type(error).__name__}: {error}")
            raise StoreUnavailable("the online store could not be read") from error
        self._note(readable=True, detail="")
        return rows

    def _note(self, *, readable: bool, detail: str) -> None:
        """Logs a change only: a store that is down fails every request."""
        if readable is not self._is_readable:
            self._is_readable = readable
            logger.warning("the online store can %sbe read%s", "" if readable else "not ", detail)


def _column(spec: pb.Input, cells: Sequence[Mapping[str, Value]], ages: Sequence[float | None]) -> list[Any]:
    name, ttl, field = spec.name, spec.ttl_seconds, _VALUE_FIELDS[spec.data_type]
    is_list = bool(spec.list_length)
    column = []
    for row, age in zip(cells, ages, strict=True):
        value = _value(row.get(name), field, is_list=is_list)
        status = cell_status(value, age_seconds=age, ttl_seconds=ttl)
        column.append(value if status is CellStatus.OK else None)
    return column


def _value(cell: Value | None, field: str, *, is_list: bool) -> Any:
    if cell is None or cell.WhichOneof("val") != field:
        return None
    value = getattr(cell, field)
    return list(value.val) if is_list else value
