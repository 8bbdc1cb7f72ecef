"""Everything that reads the feature store, put together."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contract.stubs.manifest_pb2 import Manifest
from server.catalogue.reader import CatalogueReader
from server.features.members import FeastMemberFeatures
from server.features.online import OnlineFeatures
from server.features.registry import Registry
from server.features.registry_check import RegistryCheck
from server.features.store import open_store

MEMBER_READERS = 4
"""Threads that read members' features."""


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
        self._request_threads = ThreadPoolExecutor(MEMBER_READERS, "features")
        self._background_thread = ThreadPoolExecutor(1, "background")
        self.members = FeastMemberFeatures(online, self._request_threads)
        self.catalogue = CatalogueReader(online, self._background_thread, now)
        self.checks = (RegistryCheck(registry, self._background_thread), self.catalogue.generation)
        """What has to hold of a manifest before its model is loaded."""

    async def warm(self, manifest: Manifest) -> None:
        """Opens what the first request would have to open, by asking for a member who is not there."""
        await self.members.read(manifest.inputs, manifest.feature_source.member_key, "")

    def close(self) -> None:
        """Ends the threads."""
        self._request_threads.shutdown()
        self._background_thread.shutdown()
