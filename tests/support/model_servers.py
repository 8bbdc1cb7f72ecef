"""Several models over fake runners, whose loops run but look only when told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from server.domain.models import Latest, ModelConfig, VersionPolicy
from server.models.admin import Admin
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.manager import Lifecycle, ModelManager
from server.models.served import ServedModels
from server.models.storage.cache import Cache
from server.models.storage.opening import open_store
from tests.support.fake_runner import FakeRunners, write_fake_model
from tests.support.linear_model import WriteModel, publish, snapshot

NEWEST = Latest()
_NEVER_AGAIN = 3600.0


class ModelServers:
    """The models of one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runners = FakeRunners()
        self.now = 1000.0
        self._changed = asyncio.Event()
        self.models = ServedModels(self._make, _NEVER_AGAIN)
        self.admin = Admin(self.models, lambda: self.now)

    def publish(self, name: str, version: int, write: WriteModel = write_fake_model) -> None:
        """Publishes a version whose weight is its number."""
        publish(self.root / name, version, float(version), write)

    def config(
        self,
        name: str,
        *,
        folder: str = "",
        policy: VersionPolicy = NEWEST,
        labels: Mapping[str, int] | None = None,
    ) -> ModelConfig:
        """Returns the config of a model whose versions are in the folder of its name, or in another."""
        return ModelConfig(name, str(self.root / (folder or name)), policy, labels or {})

    async def serve(self, *configs: ModelConfig) -> None:
        """Serves models, and waits until each has tried its versions."""
        for config in configs:
            manager = self.models.make(config)
            self.models.start(manager)
            self.models.add(manager)
        await asyncio.gather(*(self.models.manager(config.name).has_tried.wait() for config in configs))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns once something holds; looked at whenever the state of a version changes."""
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    def _make(self, config: ModelConfig) -> ModelManager:
        loader = Loader([self.runners.start], [], _prepare)
        store = open_store(config.base_path, Cache(self.root / "cache", 10**6))
        return ModelManager(
            config,
            store,
            loader,
            lifecycle=Lifecycle(keep_seconds=0),
            on_change=lambda _: self._changed.set(),
            clock=lambda: self.now,
        )


@asynccontextmanager
async def model_servers(root: Path) -> AsyncIterator[ModelServers]:
    """Gives models until the block ends."""
    servers = ModelServers(root)
    try:
        yield servers
    finally:
        await servers.models.close()


async def _prepare(loaded: LoadedVersion) -> None:
    await loaded.use_snapshot(snapshot(1, np.array([10, 30, 20], dtype=np.float32)))
