"""A model manager over fake runners and a clock that stands still, to be stepped by hand."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np

from contract.labels import DEFAULT_LABEL, LabelAction, LabelEvent, Note
from contract.stubs.manifest_pb2 import Manifest
from server.domain.models import Latest, ModelConfig, VersionPolicy
from server.domain.versions import VersionRecord, VersionState
from server.models.book import OnChange
from server.models.label_book import Move
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.manager import Lifecycle, ModelManager, OnMove
from server.models.storage.local import LocalStore
from server.models.storage.ports import VersionStore
from tests.support.fake_runner import FakeRunners, write_fake_model
from tests.support.linear_model import WriteModel, publish, snapshot

MINUTES = np.array([10, 30, 20], dtype=np.float32)
NEWEST = Latest()
AT_ONCE = Lifecycle(keep_seconds=0)
"""What a label left is unloaded at once."""


class ModelServer:
    """One model's folder and its manager, which may look elsewhere, in `store`.

    Attributes:
        failing_check: Raised by the check of manifests, when set.
        failing_prepare: Raised instead of preparing, when set.
        while_loading: Awaited with the version that is being loaded, when set.
        changes: The record of each change.
        moves: What labels did.
    """

    def __init__(
        self,
        folder: Path,
        *,
        timeout_seconds: float = 300,
        lifecycle: Lifecycle = AT_ONCE,
        policy: VersionPolicy = NEWEST,
        on_change: OnChange | None = None,
        on_move: OnMove | None = None,
        store: VersionStore | None = None,
    ) -> None:
        self.model_dir = folder / "classes"
        self.runners = FakeRunners()
        self.now = 1000.0
        self.failing_check: Exception | None = None
        self.failing_prepare: Exception | None = None
        self.while_loading: Callable[[int], Awaitable[None]] | None = None
        self.checked: list[int] = []
        self.changes: list[VersionRecord] = []
        self.moves: list[Move] = []
        self.store = store or LocalStore(self.model_dir)
        self.manager = ModelManager(
            ModelConfig("classes", str(self.model_dir), policy),
            self.store,
            Loader([self.runners.start], [self._check], self._prepare, timeout_seconds=timeout_seconds),
            lifecycle=lifecycle,
            on_change=on_change or self.changes.append,
            on_move=on_move or self.moves.append,
            clock=lambda: self.now,
        )

    def publish(
        self, version: int, *, write: WriteModel = write_fake_model, promised: float | None = None
    ) -> Path:
        """Publishes a version whose weight is its number."""
        return publish(self.model_dir, version, float(version), write, promised=promised)

    async def step(self) -> bool:
        """Looks, and takes at most one action."""
        await self.manager.look()
        return await self.manager.recover() or await self.manager.step()

    async def settle(self, steps: int = 20) -> None:
        """Steps until there is nothing to do, and once more, as what was drained ends at the next step."""
        for _ in range(steps):
            if not await self.step():
                await self.step()
                return
        raise AssertionError(f"there was still something to do after {steps} steps")

    async def move(
        self,
        action: LabelAction,
        version: int | None,
        *,
        previous: int | None = None,
        label: str = DEFAULT_LABEL,
    ) -> None:
        """Moves a label by an event in the history, as another server would."""
        self.store.append(LabelEvent(action, self.now, Note("ada"), label, version, previous))
        await self.manager.look()

    @property
    def states(self) -> dict[int, VersionState]:
        return {record.version: record.state for record in self.manager.book.records}

    def record(self, version: int) -> VersionRecord:
        return next(record for record in self.manager.book.records if record.version == version)

    def serving_version(self, label: str = DEFAULT_LABEL) -> int:
        with self.manager.lease(label) as lease:
            return lease.version

    @property
    def changed(self) -> Sequence[VersionState]:
        """The states that were announced."""
        return [record.state for record in self.changes]

    async def _check(self, manifest: Manifest) -> None:
        self.checked.append(manifest.version)
        if self.failing_check:
            raise self.failing_check

    async def _prepare(self, loaded: LoadedVersion) -> None:
        if self.failing_prepare:
            raise self.failing_prepare
        if self.while_loading:
            await self.while_loading(loaded.manifest.version)
        await loaded.use_snapshot(snapshot(1, MINUTES))
