"""Everything that reads the feature store, put together."""

import gc
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from server.catalogue.reader import CatalogueReader
from server.catalogue.refresher import Refresher
from server.catalogue.snapshots import Snapshots
from server.features.members import FeastMemberFeatures
from server.features.online import OnlineFeatures
from server.features.registry import Registry
from server.features.registry_check import RegistryCheck
from server.features.store import open_store
from server.models.leases import LoadedVersion

MEMBER_READERS = 4
"""Threads that read members' features."""
SNAPSHOT_SECONDS = 300.0
"""The age at which a snapshot is rebuilt though the catalogue is the same."""


class FeatureSide:
    """The readers of one feature store and their threads.

    Args:
        repo: The feature repository.
        profile: The profile; the default one when empty.
        now: The time in seconds since the epoch.

    Raises:
        ProfileError: There is no such profile, or it is not a Feast configuration.
    """

    def __init__(self, repo: Path, profile: str, now: Callable[[], float]) -> None:
        store = open_store(repo, profile)
        registry = Registry(store)
        online = OnlineFeatures(store, registry, now)
        self._is_warm = False
        self._request_threads = ThreadPoolExecutor(MEMBER_READERS, "features")
        self._background_thread = ThreadPoolExecutor(1, "background")
        reader = CatalogueReader(online, self._background_thread, now)
        self._snapshots = Snapshots(reader, now=now, max_age_seconds=SNAPSHOT_SECONDS)
        self.members = FeastMemberFeatures(online, self._request_threads)
        self.checks = (RegistryCheck(registry, self._background_thread), reader.generation)
        """What has to hold of a manifest before its model is loaded."""

    async def prepare(self, loaded: LoadedVersion) -> None:
        """Gives a loaded version its catalogue, and opens what the first request would have to open."""
        manifest = loaded.manifest
        await loaded.use_snapshot(await self._snapshots.current(manifest))
        if not self._is_warm:
            await self.members.read(manifest.inputs, manifest.feature_source.member_key, "")
            gc.collect()
            gc.freeze()  # what is here now stays: collections that looked at it took some 95 ms
            self._is_warm = True

    async def refresh(self, versions: Callable[[], Sequence[LoadedVersion]], interval_seconds: float) -> None:
        """Keeps the catalogues of versions current for ever."""
        await Refresher(self._snapshots, versions).run(interval_seconds)

    async def close(self) -> None:
        """Ends the threads."""
        self._request_threads.shutdown()
        self._background_thread.shutdown()
