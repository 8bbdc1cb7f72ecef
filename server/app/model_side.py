"""Everything that loads models, put together."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from weakref import WeakKeyDictionary

from server.app.feature_side import FeatureSide
from server.app.place import Place
from server.app.settings import Settings
from server.app.turn import FileTurn
from server.app.worker_admin import WorkerAdmin
from server.domain.errors import RestartNeeded, StartError
from server.domain.models import ModelConfig
from server.domain.versions import VersionRecord
from server.models.admin import Admin
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.manager import Lifecycle, ModelManager
from server.models.observation import Observation, OnCall
from server.models.ports import StartRunner
from server.models.probation import ProbationWatch
from server.models.served import ServedModels
from server.models.storage.cache import Cache
from server.models.storage.opening import open_store
from server.models.storage.ports import StorageError

PROBATION_SECONDS = 1.0
"""How often the versions on probation are looked at."""

SETTLE_SECONDS = 600.0
"""For what serves at the start, which other workers may be loading as well, one after another."""

logger = logging.getLogger(__name__)

OnVersion = Callable[[VersionRecord], None]


class ModelSide:
    """The models of a server, and who moves their labels.

    Args:
        settings: How the server is run.
        configs: The models to serve.
        runtimes: What starts a runner, the preferred one first.
        features: Reads the feature store; None if no model ranks.
        on_version: Is told of every change of a version.
        on_models: Is told when other models are served.
        on_call: Is told of every call of a version.
        now: The time in seconds since the epoch.
        place: Which of several workers this is; None if there are no others.
    """

    def __init__(
        self,
        settings: Settings,
        configs: Sequence[ModelConfig],
        runtimes: Sequence[StartRunner],
        *,
        features: FeatureSide | None,
        on_version: OnVersion,
        on_models: Callable[[], None],
        on_call: OnCall,
        now: Callable[[], float],
        place: Place | None = None,
    ) -> None:
        self._configs = configs
        self._settings = settings
        self._now = now
        self._on_version = on_version
        self._on_call = on_call
        self._cache = Cache(settings.cache_dir, int(settings.cache_gib * 2**30))
        self._turn = FileTurn(place.turn) if place else asyncio.Semaphore()
        self._loader = Loader(
            runtimes, requires_manifest=settings.require_manifest, max_slowdown=settings.max_slowdown
        )
        self._features = features
        self._watches: WeakKeyDictionary[ModelManager, ProbationWatch] = WeakKeyDictionary()
        self.served = ServedModels(self._make_manager, settings.poll_seconds, on_models)
        self.admin = (WorkerAdmin if place else Admin)(self.served, now)

    @property
    def ranking(self) -> Sequence[LoadedVersion]:
        """The loaded versions of the model that ranks, in the order in which they came."""
        manager = self.served.find(self._settings.model)
        return manager.available if manager else ()

    @property
    def is_serving(self) -> bool:
        """Whether the model that ranks has a version; without such a model, whether any has."""
        managers = [self.served.find(config.name) for config in self.served.configs]
        found = self.served.find(self._settings.model)
        return any(manager.available for manager in ([found] if found else managers) if manager)

    def start(self) -> None:
        """Begins to look for versions.

        Raises:
            StartError: A model lies where none can be.
        """
        for config in self._configs:
            try:
                manager = self.served.make(config)
            except StorageError as error:
                raise StartError(f"model {config.name!r}: {error}") from None
            self.served.start(manager)
            self.served.add(manager)

    async def settle(self) -> None:
        """Returns once all that can be loaded of the models is, at most after `SETTLE_SECONDS`."""
        managers = [self.served.manager(config.name) for config in self._configs]
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                await asyncio.gather(*(manager.has_settled.wait() for manager in managers))

    async def watch(self) -> None:
        """Looks at the versions on probation for ever."""
        while True:
            await asyncio.sleep(PROBATION_SECONDS)
            for manager, watch in list(self._watches.items()):
                try:
                    await watch.step(manager)
                except Exception:
                    logger.exception("model=%s is not watched", manager.config.name)

    def _make_manager(self, config: ModelConfig) -> ModelManager:
        watch = ProbationWatch(self._settings.probation, self._now)
        manager = ModelManager(
            config,
            open_store(config.base_path, self._cache),
            self._loader_of(config),
            lifecycle=Lifecycle(self._settings.transition, self._settings.keep_seconds),
            on_change=self._on_version,
            on_move=lambda move: watch.follow(manager, move),
            on_call=partial(self._observe, watch),
            clock=self._now,
            turn=self._turn,
        )
        self._watches[manager] = watch
        return manager

    def _loader_of(self, config: ModelConfig) -> Loader:
        if config.name != self._settings.model:
            return self._loader
        if self._features is None:
            raise RestartNeeded(f"model {config.name!r} ranks, and is served only by a server that starts with it")
        checks, prepare = self._features.checks, self._features.prepare
        return replace(self._loader, checks=checks, prepare=prepare, requires_manifest=True)

    def _observe(self, watch: ProbationWatch, call: Observation) -> None:
        watch.observe(call)
        self._on_call(call)
