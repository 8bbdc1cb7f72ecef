"""Snapshots of the catalogue, shared by the versions that read the same of it."""

import asyncio
import logging
from collections.abc import Callable

from contract.stubs import manifest_pb2 as pb
from server.catalogue.reader import CatalogueReader
from server.catalogue.snapshot_files import Head
from server.catalogue.snapshot_folder import SnapshotFolder
from server.catalogue.ways import way_of
from server.domain.errors import StoreUnavailable
from server.ranking.ports import Snapshot

_KEPT = 4
"""Of how many ways to read the catalogue the snapshot is remembered: more than there are versions loaded."""

logger = logging.getLogger(__name__)


class Snapshots:
    """Reads the catalogue when it has another generation, or when what was read has grown old.

    Reading 10,000 classes keeps Python busy for half a second, beside the requests. So what was read is kept: in
    memory for a new version that reads what the one before does, on disk for other processes and the next start.

    Args:
        reader: Reads the catalogue.
        folder: Keeps what was read.
        now: The time in seconds since the epoch.
        max_age_seconds: The age at which it is read again though the generation is the same: its features age, and
            some pass their TTL.
        last_known_seconds: How old it may be for a version to load with it while the store can't be read.
    """

    def __init__(
        self,
        reader: CatalogueReader,
        folder: SnapshotFolder,
        *,
        now: Callable[[], float],
        max_age_seconds: float,
        last_known_seconds: float,
    ) -> None:
        self._reader = reader
        self._folder = folder
        self._now = now
        self._max_age_seconds = max_age_seconds
        self._last_known_seconds = last_known_seconds
        self._held: dict[bytes, Snapshot] = {}
        self._reading = asyncio.Lock()

    async def check(self, manifest: pb.Manifest) -> None:
        """Accepts a version whose catalogue can be read, or was not long ago.

        Raises:
            StoreUnavailable: Neither.
        """
        try:
            await self._reader.generation(manifest)
        except StoreUnavailable:
            if await self._last_known(manifest) is None:
                raise

    async def current(self, manifest: pb.Manifest) -> Snapshot:
        """Returns every class with what a version reads, filters on or shows; the same object while it is current.

        Raises:
            StoreUnavailable: The store could not be read, or holds no catalogue.
        """
        way = way_of(manifest)
        async with self._reading:
            held = self._held.get(way)
            if held is None or not await self._is_current(held, manifest):
                held = await self._renewed(way, manifest)
            self._hold(way, held)
        return held

    async def current_or_last_known(self, manifest: pb.Manifest) -> Snapshot:
        """Returns the same, or what was read last if the store can't be read now.

        Raises:
            StoreUnavailable: The store could not be read, or holds no catalogue, and was not read lately.
        """
        try:
            return await self.current(manifest)
        except StoreUnavailable as error:
            found = await self._last_known(manifest)
            if found is None:
                raise
            age = self._now() - found.read_time
            logger.warning("version %d has the catalogue of %.0f s ago: %s", manifest.version, age, error)
            return found

    async def _renewed(self, way: bytes, manifest: pb.Manifest) -> Snapshot:
        async with self._folder.turn() as turn:
            generation = await self._reader.generation(manifest)
            found = await self._folder.find(
                way, manifest, lambda head: head.generation == generation and self._is_young(head)
            )
            if found is None:
                found = await self._reader.load(manifest)
                logger.info("read the catalogue from the online store: generation %d", found.generation)
                self._folder.keep(way, found, turn)
            return found

    async def _last_known(self, manifest: pb.Manifest) -> Snapshot | None:
        way = way_of(manifest)
        async with self._reading:
            held = self._held.get(way)
            if held is None or not self._is_known(held):
                held = await self._folder.find(way, manifest, self._is_known)
            if held is not None:
                self._hold(way, held)
        return held

    async def _is_current(self, held: Snapshot, manifest: pb.Manifest) -> bool:
        return self._is_young(held) and await self._reader.generation(manifest) == held.generation

    def _is_young(self, kept: Snapshot | Head) -> bool:
        return 0 <= self._now() - kept.read_time <= self._max_age_seconds  # less than 0 if the clock went back

    def _is_known(self, kept: Snapshot | Head) -> bool:
        return 0 <= self._now() - kept.read_time <= self._last_known_seconds

    def _hold(self, way: bytes, snapshot: Snapshot) -> None:
        """Remembers a snapshot; of those that are remembered the one that was used last is forgotten last."""
        self._held.pop(way, None)
        self._held[way] = snapshot
        while len(self._held) > _KEPT:
            del self._held[next(iter(self._held))]
