"""Snapshots of the catalogue, shared by the versions that read the same of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from server.catalogue.reader import CatalogueReader
from server.ranking.ports import Snapshot

_KEPT = 4
"""Of how many ways to read the catalogue the snapshot is remembered: more than there are versions loaded."""


@dataclass(frozen=True, slots=True)
class _Way:
    """What a version reads of the catalogue."""

    view: str
    inputs: tuple[bytes, ...]


class Snapshots:
    """Reads the catalogue when it has another generation, or when what was read has grown old.

    Reading 2,000 classes keeps Python busy for half a second, beside the requests: a new version that reads what
    the one before does gets its snapshot.

    Args:
        reader: Reads the catalogue.
        now: The time in seconds since the epoch.
        max_age_seconds: The age at which it is read again though the generation is the same: its features age, and
            some pass their TTL.
    """

    def __init__(self, reader: CatalogueReader, *, now: Callable[[], float], max_age_seconds: float) -> None:
        self._reader = reader
        self._now = now
        self._max_age_seconds = max_age_seconds
        self._held: dict[_Way, Snapshot] = {}
        self._reading = asyncio.Lock()

    async def current(self, manifest: pb.Manifest) -> Snapshot:
        """Returns every class with what a version reads, filters on or shows; the same object while it is current.

        Raises:
            StoreUnavailable: The store could not be read, or holds no catalogue.
        """
        way = _way(manifest)
        async with self._reading:
            held = self._held.pop(way, None)
            try:
                if held is None or not await self._is_current(manifest, held):
                    held = await self._reader.load(manifest)
            finally:
                if held is not None:
                    self._held[way] = held  # the last one used is the last one forgotten
            while len(self._held) > _KEPT:
                del self._held[next(iter(self._held))]
        return held

    async def _is_current(self, manifest: pb.Manifest, held: Snapshot) -> bool:
        if self._now() - held.read_time > self._max_age_seconds:
            return False
        return await self._reader.generation(manifest) == held.generation


def _way(manifest: pb.Manifest) -> _Way:
    specs = (*(spec for spec in manifest.inputs if spec.source in CLASS_SIDE), *manifest.display_features)
    views = (_meaning(view) for view in manifest.on_demand_views if view.source in CLASS_SIDE)
    inputs = (spec.SerializeToString(deterministic=True) for spec in (*specs, *views))
    return _Way(manifest.feature_source.catalogue_view, tuple(inputs))


def _meaning(view: pb.OnDemandView) -> pb.OnDemandView:
    """Returns a view without its golden rows, which each training samples anew."""
    meaning = pb.OnDemandView()
    meaning.CopyFrom(view)
    for rows in ("golden_inputs", "golden_outputs"):
        meaning.ClearField(rows)
    return meaning
