"""A model manager over fake runners and a clock that stands still, to be stepped by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from contract.stubs.manifest_pb2 import Manifest
from server.domain.versions import VersionRecord, VersionState
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.manager import ModelManager
from server.models.ports import OnChange
from tests.support.fake_runner import FakeRunners, write_fake_model
from tests.support.linear_model import WriteModel, publish, snapshot

MINUTES = np.array([10, 30, 20], dtype=np.float32)


class ModelServer:
    """One model's folder and its manager.

    Attributes:
        failing_check: Raised by the check of manifests, when set.
        failing_prepare: Raised instead of preparing, when set.
        changes: The records at each change.
    """

    def __init__(self, folder: Path, *, timeout_seconds: float = 300, on_change: OnChange | None = None) -> None:
        self.model_dir = folder / "classes"
        self.runners = FakeRunners()
        self.now = 1000.0
        self.failing_check: Exception | None = None
        self.failing_prepare: Exception | None = None
        self.checked: list[int] = []
        self.changes: list[Sequence[VersionRecord]] = []
        loader = Loader(self.runners.start, [self._check], self._prepare, timeout_seconds)
        self.manager = ModelManager(
            self.model_dir, loader, on_change=on_change or self.changes.append, clock=lambda: self.now
        )

    def publish(
        self, version: int, *, write: WriteModel = write_fake_model, promised: float | None = None
    ) -> Path:
        """Publishes a version whose weight is its number."""
        return publish(self.model_dir, version, float(version), write, promised=promised)

    async def settle(self, steps: int = 20) -> None:
        """Steps until there is nothing to do, and once more, as what was drained ends at the next look."""
        for _ in range(steps):
            if not await self.manager.step():
                await self.manager.step()
                return
        raise AssertionError(f"there was still something to do after {steps} steps")

    @property
    def states(self) -> dict[int, VersionState]:
        return {record.version: record.state for record in self.manager.records}

    def record(self, version: int) -> VersionRecord:
        return next(record for record in self.manager.records if record.version == version)

    def serving_version(self) -> int:
        with self.manager.lease() as lease:
            return lease.manifest.version

    async def _check(self, manifest: Manifest) -> None:
        self.checked.append(manifest.version)
        if self.failing_check:
            raise self.failing_check

    async def _prepare(self, loaded: LoadedVersion) -> None:
        if self.failing_prepare:
            raise self.failing_prepare
        await loaded.use_snapshot(snapshot(1, MINUTES))
