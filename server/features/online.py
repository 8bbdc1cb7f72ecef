"""Reading features from the online store."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from contract.cells import CellStatus, columns_that_count, fresh_rows, row_status
from contract.policies import age_limit
from contract.stubs import manifest_pb2 as pb
from server.domain.errors import StoreUnavailable
from server.domain.results import FeatureRow, ServingMode
from server.features.cells import CellReader, Cells, Feature, ViewFeatures, feature_of
from server.features.registry import Registry

logger = logging.getLogger(__name__)

_OK = CellStatus.OK


class Read(NamedTuple):
    """Features that were read."""

    values: dict[str, Sequence[Any]]
    """By name, one for each entity; None where not OK."""
    modes: Sequence[ServingMode]
    """Where those of each entity are from."""
    rows: Sequence[Sequence[FeatureRow]]
    """How old those of each entity are, by view; none where they could not be read."""


class OnlineFeatures:
    """Reads features by the rules of `contract.cells`, whatever the store's own conventions.

    Args:
        reader: Reads the online store.
        registry: The feature views.
        now: The time in seconds since the epoch, for the age of what is read.
    """

    def __init__(self, reader: CellReader, registry: Registry, now: Callable[[], float]) -> None:
        self._reader = reader
        self._registry = registry
        self._now = now
        self._is_readable = True

    def read(self, view: str, ids: Sequence[str], inputs: Sequence[pb.Input]) -> dict[str, Sequence[Any]]:
        """Returns the values of features of one view by name, one for each id; None where not OK. Blocks.

        Args:
            view: The name of the feature view, which has one join key, a String.
            ids: The entities.
            inputs: Features of the view, with their types and TTLs.

        Raises:
            StoreUnavailable: The store could not be read.
        """
        features = [feature_of(spec) for spec in inputs]
        return self._read(ids, [ViewFeatures(self._registry.view(view), features)]).values

    def read_views(self, ids: Sequence[str], features: Mapping[str, Sequence[Feature]]) -> Read:
        """Does the same for features of several views, by view, which have the same join key.

        Raises:
            StoreUnavailable: The store could not be read.
        """
        if not features:
            return Read({}, [ServingMode.LIVE] * len(ids), [()] * len(ids))
        return self._read(ids, self._registry.features(features))

    def _read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Read:
        cells = self._cells(ids, views)
        ages = _ages(cells, self._now())
        values = {name: column for view in views for name, column in _counting(view, cells, ages).items()}
        modes = cells.modes or [ServingMode.LIVE] * len(ids)
        rows = zip(modes, *(_feature_rows(view, values, ages) for view in views), strict=True)
        return Read(values, modes, [() if mode is ServingMode.DEFAULTS else found for mode, *found in rows])

    def _cells(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        try:
            cells = self._reader.read(ids, views)
        except Exception as error:  # whatever the store's driver raises
            self._note(readable=False, detail=f": {type(error).__name__}: {error}")
            raise StoreUnavailable("the online store could not be read") from error
        self._note(readable=True, detail="")
        return cells

    def _note(self, *, readable: bool, detail: str) -> None:
        """Logs a change only: a store that is down fails every request."""
        if readable is not self._is_readable:
            self._is_readable = readable
            logger.warning("the online store can %sbe read%s", "" if readable else "not ", detail)


_Ages = Mapping[str, list[float | None]]
"""How old the row of each entity is, by view; None where there is none."""


def _ages(cells: Cells, now: float) -> _Ages:
    return {view: [None if t is None else now - t for t in times] for view, times in cells.times.items()}


def _counting(view: ViewFeatures, cells: Cells, ages: _Ages) -> dict[str, Sequence[Any]]:
    values: dict[str, Sequence[Any]] = {}
    for rule, names in view.by_rule.items():
        is_fresh = fresh_rows(ages[view.table.name], age_limit(*rule))
        values |= columns_that_count({name: cells.values[name] for name in names}, is_fresh)
    return values


def _feature_rows(view: ViewFeatures, values: Mapping[str, Sequence[Any]], ages: _Ages) -> list[FeatureRow]:
    """Returns how old the row of each entity is, and which of its features do not count."""
    name, ttl_seconds = view.table.name, view.features[0].ttl_seconds  # that of the view
    names = [feature.name for feature in view.features]
    absent = [_absent(names, row) for row in zip(*map(values.__getitem__, names), strict=True)]
    rows = [(row_status(age, ttl_seconds), age) for age in ages[name]]
    return [
        FeatureRow(name, status, age, () if status is not _OK and len(found) == len(names) else found)
        for (status, age), found in zip(rows, absent, strict=True)
    ]


def _absent(names: Sequence[str], row: Sequence[Any]) -> Sequence[str]:
    """Returns which features an entity has no value of that counts."""
    return [name for name, value in zip(names, row, strict=True) if value is None] if None in row else ()
