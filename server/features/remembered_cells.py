"""Remembering what an online store holds of members who asked, for when it can't be read, and to ask it less."""

import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, TypeAlias

from server.domain.results import ServingMode
from server.features.cells import CellReader, Cells, ViewFeatures
from server.features.guarded_cells import StoreDown
from server.ranking.memo import PerObject

LAST_KNOWN_SECONDS = 3600.0
"""How old the last known cells may be. A feature's own age counts from its event, so its TTL holds besides."""
_TRIES = 3
"""How many entities are read one by one before it is taken for the store's failure."""
_COMPLAINTS = 100
"""Of how many it is remembered that they were logged."""
STORE, MEMORY = "store", "memory"
"""Where the cells of an entity are from, while the store can be read."""

_Key: TypeAlias = tuple[tuple[str, Sequence[Any]], ...]
"""The views and their features."""
_Row: TypeAlias = tuple[Any, ...]
"""The values of one entity, and behind them the times of its views."""

OnRead = Callable[[Mapping[str, int]], None]
"""Is told of how many entities cells came from where: `STORE`, `MEMORY`, "last_known" or "defaults"."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Remembered:
    cells: _Row
    read_time: float


class RememberedCells:
    """Answers from memory what was read within some seconds, and, if the store can't be read, what was read last.

    Of an entity that it has not read lately it then says that there is nothing. So it does if what the store holds
    of an entity can't be understood; that is asked for once more, apart from the others.

    Args:
        reader: Reads the online store; raises StoreDown if that can't be reached.
        fresh_seconds: For how long the store need not be asked again; 0 asks it each time.
        last_known_seconds: How old what it last read may be.
        size: Of how many entities cells are remembered; of others those used last are kept.
        on_read: Is told of every read, in the thread that reads.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        reader: CellReader,
        *,
        fresh_seconds: float,
        last_known_seconds: float,
        size: int,
        on_read: OnRead,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._fresh_seconds = fresh_seconds
        self._last_known_seconds = last_known_seconds
        self._size = size
        self._on_read = on_read
        self._clock = clock
        self._numbers: dict[_Key, int] = {}
        self._what = PerObject(self._new_what)
        self._rows: OrderedDict[tuple[int, str], _Remembered] = OrderedDict()
        self._lock = Lock()
        self._complaints: set[str] = set()

    def read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        """Returns the cells of entities; see `server.features.cells.CellReader`. Raises nothing."""
        what, now, different = self._what(views), self._clock(), dict.fromkeys(ids)
        fresh = self._remembered(what, different, now - self._fresh_seconds) if self._fresh_seconds else {}
        asked = [id_ for id_ in different if id_ not in fresh]
        cells, read = self._read(asked, what)
        self._remember(what, read, now)
        if cells is not None and len(asked) == len(ids):  # as it is under load, in the very order
            self._on_read({STORE: len(ids)})
            return replace(cells, modes=[ServingMode.LIVE] * len(ids))
        failed = [id_ for id_ in asked if id_ not in read]
        last = self._remembered(what, failed, now - self._last_known_seconds) if failed else {}
        rows = {id_: last.get(id_, what.nothing) for id_ in failed} | read | fresh
        modes = {id_: ServingMode.LAST_KNOWN if id_ in last else ServingMode.DEFAULTS for id_ in failed}
        found = [modes.get(id_, ServingMode.LIVE) for id_ in ids]
        self._tell(ids, fresh, found)
        return what.cells([rows[id_] for id_ in ids], found)

    def _new_what(self, views: Sequence[ViewFeatures]) -> "_What":
        key = tuple((view.table.name, tuple(view.features)) for view in views)
        with self._lock:
            return _What(self._numbers.setdefault(key, len(self._numbers)), views)

    def _read(self, ids: Sequence[str], what: "_What") -> tuple[Cells | None, dict[str, _Row]]:
        """Returns what the store holds of all, if it can be read, and the row of each of whom it can be read."""
        if not ids:
            return None, {}
        try:
            cells = self._reader.read(ids, what.views)
            return cells, dict(zip(ids, what.rows(cells), strict=True))
        except StoreDown:
            return None, {}
        except Exception as error:  # whatever comes of bytes that are not what they should be
            if len(ids) > 1:
                return None, self._read_apart(ids, what)
            self._complain(f"what the online store holds of an entity is wrong: {type(error).__name__}: {error}")
            return None, {}

    def _read_apart(self, ids: Sequence[str], what: "_What") -> dict[str, _Row]:
        """Does the same one by one; not to the end if it begins with failures, which then are not one entity's."""
        found: dict[str, _Row] = {}
        for place, id_ in enumerate(ids, start=1):
            found |= self._read([id_], what)[1]
            if place == _TRIES and not found:
                break
        return found

    def _complain(self, text: str) -> None:
        """Logs a text once, until there are too many others: who is asked for again is as wrong each time."""
        if text not in self._complaints:
            if len(self._complaints) >= _COMPLAINTS:
                self._complaints.clear()
            self._complaints.add(text)
            logger.warning(text)

    def _remembered(self, what: "_What", ids: Sequence[str] | Mapping[str, Any], since: float) -> dict[str, _Row]:
        found = {}
        with self._lock:
            for id_ in ids:
                row = self._rows.get((what.number, id_))
                if row and row.read_time >= since:
                    self._rows.move_to_end((what.number, id_))
                    found[id_] = row.cells
        return found

    def _remember(self, what: "_What", rows: dict[str, _Row], now: float) -> None:
        with self._lock:
            for id_, cells in rows.items():
                self._rows[what.number, id_] = _Remembered(cells, now)
                self._rows.move_to_end((what.number, id_))
            while len(self._rows) > self._size:
                self._rows.popitem(last=False)

    def _tell(self, ids: Sequence[str], fresh: Mapping[str, Any], modes: Sequence[ServingMode]) -> None:
        live = {True: MEMORY, False: STORE}
        names = (
            live[id_ in fresh] if mode is ServingMode.LIVE else mode.name.lower()
            for id_, mode in zip(ids, modes, strict=True)
        )
        self._on_read(Counter(names))


class _What:
    """What is read of entities: features of views. What of it is the same for each read is worked out once.

    Args:
        number: Tells it from others.
        views: The views.
    """

    def __init__(self, number: int, views: Sequence[ViewFeatures]) -> None:
        self.number = number
        self.views = views
        self._names = [feature.name for view in views for feature in view.features]
        self._views = [view.table.name for view in views]
        self.nothing: _Row = (None,) * (len(self._names) + len(self._views))

    def rows(self, cells: Cells) -> Iterable[_Row]:
        """Returns the row of each entity."""
        values, times = cells.values, cells.times
        return zip(*[values[name] for name in self._names], *[times[view] for view in self._views], strict=True)

    def cells(self, rows: Sequence[_Row], modes: Sequence[ServingMode]) -> Cells:
        """Returns the cells of entities, given their rows."""
        columns = [list(column) for column in zip(*rows, strict=True)]
        values = dict(zip(self._names, columns, strict=False))
        return Cells(values, dict(zip(self._views, columns[len(self._names) :], strict=True)), modes)
