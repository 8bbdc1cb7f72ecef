"""The composition root, and the life of a server."""

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from server.app.feature_side import FeatureSide
from server.app.http import HttpServer
from server.app.keys import read_keys
from server.app.metrics import Metrics
from server.app.settings import Settings
from server.catalogue.refresher import Refresher
from server.domain.errors import NotFound
from server.domain.labels import LabelStatus
from server.domain.models import ModelConfig, ModelProblem, ModelSpec
from server.domain.versions import VersionRecord
from server.models.client import RunnerProcess
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.manager import ModelManager
from server.models.ports import StartRunner
from server.ranking.inputs import InputReader
from server.ranking.recommend import Recommender
from server.ranking.score import Scorer
from server.rpc.server import GrpcServer
from server.rpc.services import main_services

logger = logging.getLogger(__name__)

SNAPSHOT_SECONDS = 300.0
"""The age at which a snapshot is rebuilt though the catalogue is the same."""


def _log_ports(port: int, http_port: int) -> None:
    logger.info("listening on port %d, for HTTP on port %d", port, http_port)


class _Served:
    """What the services are told of the one model; it answers none of TensorFlow Serving's calls yet."""

    configs: Sequence[ModelConfig] = ()
    labels: Sequence[LabelStatus] = ()
    problems: Sequence[ModelProblem] = ()

    def __init__(self, manager: ModelManager) -> None:
        self._manager = manager

    @property
    def records(self) -> Sequence[VersionRecord]:
        return self._manager.records

    def lease(self, spec: ModelSpec) -> NoReturn:
        raise NotFound(f"there is no model {spec.name!r}")


class Server:
    """One server of one model.

    Args:
        settings: How it is run.
        start_runner: Starts the process of a version.
        now: The time in seconds since the epoch.

    Raises:
        ProfileError: The feature repository has no such profile.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        start_runner: StartRunner = RunnerProcess.start,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._changed = asyncio.Event()
        self._is_warm = False
        self._features = FeatureSide(settings.repo, settings.profile, now)
        self._manager = ModelManager(
            settings.models / settings.model,
            Loader(start_runner, self._features.checks, self._prepare),
            on_change=lambda _: self._changed.set(),
            clock=now,
        )
        self._refresher = Refresher(
            self._features.catalogue, self._available, now=now, max_age_seconds=SNAPSHOT_SECONDS
        )
        self._metrics = Metrics(lambda: self._manager.records, self._available)
        models = self._metrics.timed_models(self._manager)
        inputs = InputReader(self._metrics.timed_features(self._features.members), now)
        served = _Served(self._manager)
        self._grpc = GrpcServer(
            main_services(Recommender(models, inputs), Scorer(models, inputs), served, served),
            self._metrics.observe_call,
        )

    async def run(self, stop: asyncio.Event, on_start: Callable[[int, int], None] = _log_ports) -> None:
        """Serves until `stop` is set, then lets the calls under way end.

        Args:
            stop: Set when the server is to end.
            on_start: Is told the ports for gRPC and HTTP once they are open.

        Raises:
            StartError: A port is in use, or a key can't be read.
        """
        settings = self._settings
        port = self._grpc.bind(settings.host, settings.port, read_keys(settings))
        http = HttpServer(settings.host, settings.http_port, self._metrics.registry)
        try:
            await self._grpc.start()
            on_start(port, http.port)
            await self._run_loops(stop)
        finally:
            await self._manager.close()
            self._features.close()
            http.close()
        logger.info("ended")

    async def _run_loops(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            loops = [
                tasks.create_task(self._manager.run(self._settings.poll_seconds)),
                tasks.create_task(self._refresher.run(self._settings.poll_seconds)),
                tasks.create_task(self._tell_health()),
            ]
            await stop.wait()
            logger.info("ending: calls under way have %g s", self._settings.grace_seconds)
            await self._grpc.stop(self._settings.grace_seconds)
            for loop in loops:
                loop.cancel()

    async def _tell_health(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._grpc.health.tell(is_serving=bool(self._available()))

    def _available(self) -> Sequence[LoadedVersion]:
        return self._manager.available

    async def _prepare(self, loaded: LoadedVersion) -> None:
        """Gives a loaded version its catalogue, and makes the server ready for the first request."""
        await loaded.use_snapshot(await self._features.catalogue.load(loaded.manifest))
        if not self._is_warm:
            await self._features.warm(loaded.manifest)
            gc.collect()
            gc.freeze()  # what is here now stays: collections that looked at it took some 95 ms
            self._is_warm = True
