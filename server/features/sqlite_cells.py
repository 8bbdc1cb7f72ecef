"""Reading SQLite past Feast's own decoding, which makes a message of every cell.

The layout is Feast's: a table for each view, with a row for each feature of an entity.
"""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.features.cells import Cells, ViewFeatures
from server.features.feast_formats import serialized_keys
from server.features.value_bytes import decode

_Row = dict[str, bytes]
_Time = float | None


class _Opened(threading.local):
    """The connection of a thread. While reads of several overlap on one, it shows nothing that is newer."""

    connection: sqlite3.Connection | None = None


class SqliteCells:
    """Implements `server.features.cells.CellReader` on SQLite.

    Args:
        path: The database.
        project: The project, with which Feast begins the name of every table.
    """

    def __init__(self, path: Path, project: str) -> None:
        self._path = path
        self._project = project
        self._opened = _Opened()

    def read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        """Returns the cells of entities; see the protocol."""
        keys = serialized_keys(views[0].table.join_keys[0], ids)
        values: dict[str, list[Any]] = {}
        times: dict[str, list[float | None]] = {}
        for view in views:
            rows, true_at = self._rows(f"{self._project}_{view.table.name}", keys)
            times[view.table.name] = [true_at.get(key) for key in keys]
            for feature in view.features:
                values[feature.name] = decode(feature.field, [rows.get(key, {}).get(feature.name) for key in keys])
        return Cells(values, times)

    def _rows(self, table: str, keys: Sequence[bytes]) -> tuple[Mapping[bytes, _Row], Mapping[bytes, _Time]]:
        """Returns the cells of entities by key and feature, and when they were true."""
        name, wanted = table.replace('"', '""'), ",".join("?" * len(keys))
        query = f'SELECT entity_key, feature_name, value, event_ts FROM "{name}" WHERE entity_key IN ({wanted})'  # noqa: S608 (the registry's name)
        rows: dict[bytes, _Row] = {}
        times: dict[bytes, int] = {}
        for key, feature, value, time in self._open().execute(query, keys):
            rows.setdefault(key, {})[feature] = value
            times[key] = time
        return rows, {key: _seconds(time) for key, time in times.items()}

    def _open(self) -> sqlite3.Connection:
        connection = self._opened.connection
        if connection is None:
            if not self._path.exists():  # SQLite would make an empty one
                raise FileNotFoundError(f"{self._path} does not exist")
            connection = self._opened.connection = sqlite3.connect(self._path)
        return connection


def _seconds(stored: int) -> _Time:
    """Returns a time in seconds since the epoch: Feast stores a time in UTC as if it was one of the local zone."""
    return datetime.fromtimestamp(stored).replace(tzinfo=UTC).timestamp() or None
