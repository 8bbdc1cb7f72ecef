"""Keeps the catalogue of the loaded versions current."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Protocol

from contract.stubs.manifest_pb2 import Manifest
from server.catalogue.snapshots import Snapshots
from server.domain.errors import PacelineError
from server.ranking.ports import Snapshot

logger = logging.getLogger(__name__)


class LoadedVersion(Protocol):
    """A version that holds a snapshot."""

    @property
    def manifest(self) -> Manifest:
        """The version's manifest."""
        ...

    @property
    def snapshot(self) -> Snapshot | None:
        """The snapshot that new leases get; None before the first."""
        ...

    async def use_snapshot(self, snapshot: Snapshot) -> None:
        """Encodes the classes of another snapshot and gives it to new leases.

        Raises:
            RunnerLost: The process that runs the version ended.
        """
        ...


class Refresher:
    """Gives every version its current snapshot.

    A failure keeps the old snapshot and is tried again at the next step.

    Args:
        snapshots: Reads the catalogue.
        versions: Returns the loaded versions.
    """

    def __init__(self, snapshots: Snapshots, versions: Callable[[], Sequence[LoadedVersion]]) -> None:
        self._snapshots = snapshots
        self._versions = versions

    async def run(self, interval_seconds: float) -> None:
        """Steps for ever, with a tenth of jitter so that servers do not read the store all at once."""
        while True:
            await asyncio.sleep(interval_seconds * random.uniform(0.9, 1.1))  # noqa: S311 (no secret)
            await self.step()

    async def step(self) -> None:
        """Looks at every loaded version once."""
        for version in self._versions():
            try:
                await self._refresh(version)
            except PacelineError as error:
                logger.warning("version %d keeps its catalogue: %s", version.manifest.version, error)
            except Exception:
                logger.exception("version %d keeps its catalogue", version.manifest.version)

    async def _refresh(self, version: LoadedVersion) -> None:
        snapshot = await self._snapshots.current(version.manifest)
        if snapshot is not version.snapshot:
            await version.use_snapshot(snapshot)
            classes = len(snapshot.class_ids)
            logger.info("the catalogue has generation %d, %d classes", snapshot.generation, classes)
