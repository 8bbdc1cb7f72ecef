"""Building a snapshot of the catalogue from the online store."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import to_column
from contract.on_demand import Failed, stored_features
from contract.policies import lacking
from contract.stubs import manifest_pb2 as pb
from server.catalogue.listing import FeatureReader, read_class_ids, read_generation
from server.domain.errors import StoreUnavailable
from server.ranking.on_demand import computed_by, ignore_failures
from server.ranking.ports import Snapshot

CHUNK = 500
"""Classes in one read: enough to be fast, and within the time that a store's socket allows."""

Values = Mapping[str, Sequence[Any]]

logger = logging.getLogger(__name__)


class CatalogueReader:
    """Reads the catalogue as a version needs it.

    Args:
        features: Reads the online store.
        executor: Where it blocks, so that the event loop does not.
        now: The time in seconds since the epoch.
        failed: Is told of on-demand views that fail.
    """

    def __init__(
        self,
        features: FeatureReader,
        executor: Executor,
        now: Callable[[], float],
        failed: Failed = ignore_failures,
    ) -> None:
        self._failed = failed
        self._features = features
        self._executor = executor
        self._now = now

    async def generation(self, manifest: pb.Manifest) -> int:
        """Returns the generation that the online store holds.

        Raises:
            StoreUnavailable: The store could not be read, or holds no catalogue.
        """
        view = manifest.feature_source.catalogue_view
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, read_generation, self._features, view)

    async def load(self, manifest: pb.Manifest) -> Snapshot:
        """Returns every class with the features that the version reads, filters on or shows.

        Classes that lack a feature that may not be missing are left out.

        Raises:
            StoreUnavailable: The store could not be read, or holds no catalogue, or all classes are left out.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._load, manifest)

    def _load(self, manifest: pb.Manifest) -> Snapshot:
        read_time = self._now()
        generation, ids = read_class_ids(self._features, manifest.feature_source.catalogue_view)
        shown = class_features(manifest)
        read = self._values(ids, stored_features(shown, manifest.on_demand_views, pb.SOURCE_CLASS))
        values = {**read, **computed_by(manifest, pb.SOURCE_CLASS, shown, self._failed).compute(read)}
        return make_snapshot(manifest, generation, ids, values, read_time)

    def _values(self, ids: Sequence[str], specs: Sequence[pb.Input]) -> Values:
        """Reads view by view, `CHUNK` classes at a time."""
        by_view: dict[str, list[pb.Input]] = {}
        for spec in specs:
            by_view.setdefault(spec.feature_view, []).append(spec)
        values: dict[str, list[Any]] = {spec.name: [] for spec in specs}
        for view, found in by_view.items():
            for start in range(0, len(ids), CHUNK):
                for name, column in self._features.read(view, ids[start : start + CHUNK], found).items():
                    values[name].extend(column)
        return values


def make_snapshot(
    manifest: pb.Manifest, generation: int, ids: Sequence[str], values: Values, read_time: float
) -> Snapshot:
    """Returns the snapshot of some classes, without those that lack a feature that may not be missing.

    Args:
        manifest: Of the version that ranks them.
        generation: That of the list that they are from.
        ids: The classes, rising.
        values: What the version reads, filters on or shows of each, by name; None where not OK.
        read_time: When it was read, in seconds since the epoch.

    Raises:
        StoreUnavailable: All classes are left out.
    """
    specs = class_features(manifest)
    columns = _columns(manifest, ids, values)
    kept = _rankable([spec for spec in manifest.inputs if spec.name in columns], columns, len(ids))
    class_ids = list(compress(ids, kept))
    return Snapshot(
        generation=generation,
        class_ids=class_ids,
        positions={class_id: position for position, class_id in enumerate(class_ids)},
        columns={name: column[kept] for name, column in columns.items()},
        features={spec.name: _objects(values[spec.name])[kept] for spec in specs},
        feature_types={spec.name: spec.data_type for spec in specs},
        read_time=read_time,
    )


def class_features(manifest: pb.Manifest) -> list[pb.Input]:
    """Returns the class features that a version reads, filters on or shows."""
    return [*(spec for spec in manifest.inputs if spec.source == pb.SOURCE_CLASS), *manifest.display_features]


def _columns(manifest: pb.Manifest, ids: Sequence[str], values: Values) -> dict[str, NDArray[Any]]:
    columns = {}
    for spec in manifest.inputs:
        if spec.source == pb.SOURCE_CLASS:
            columns[spec.name] = to_column(spec, values[spec.name])
        elif spec.source == pb.SOURCE_CLASS_KEY:
            columns[spec.name] = to_column(spec, ids)
    return columns


def _rankable(specs: Sequence[pb.Input], columns: Mapping[str, NDArray[Any]], size: int) -> NDArray[np.bool_]:
    """Returns which classes lack no feature that may not be missing, ``[classes]``."""
    is_kept = np.ones(size, dtype=np.bool_)
    for name, lacks in lacking(specs, columns).items():
        if lacks.any():
            logger.warning("%d of %d classes lack %r, and are left out", np.count_nonzero(lacks), size, name)
        is_kept &= ~lacks
    if not is_kept.any():
        raise StoreUnavailable("every class lacks a feature that may not be missing")
    return is_kept


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    """Returns an array of objects ``[classes]`` even where every value is a list of one length."""
    return np.fromiter(values, dtype=np.object_, count=len(values))
